//! Which hosts a worker may reach: a list of patterns, checked before every exchange. Only names are compared; what
//! they resolve to is not looked at.

use std::fmt;
use std::sync::Arc;

use crate::host_name::canonical;

/// A pattern of an allowed host cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an allowed host such as \"example.com\", \"*.example.com\", \"example.com:8443\" or \"*\", found \
     {pattern:?}; write a host without scheme or path"
)]
pub struct AllowedHostError {
    /// The pattern.
    pub pattern: String,
}

/// The hosts that a worker may reach.
///
/// | pattern | allows |
/// |---|---|
/// | `*` | every host |
/// | `example.com` | that host, on every port |
/// | `*.example.com` | every host below it, and not itself |
/// | `example.com:8443`, `*:443` | the same, on that port only |
///
/// The ports that the Fetch standard blocks, such as those of mail, are reached only by a pattern that names the port.
///
/// ```
/// use runtime_server::ops::AllowedHosts;
/// let hosts = AllowedHosts::parse(["*.example.com:443"])?;
/// assert!(hosts.allows("api.example.com", 443));
/// assert!(!hosts.allows("api.example.com", 80));
/// # Ok::<(), runtime_server::ops::AllowedHostError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts(Arc<[Pattern]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    host: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    Exactly(String),
    /// With the dot in front.
    Below(String),
}

impl AllowedHosts {
    /// Every host.
    pub fn all() -> Self {
        Self(Arc::from([Pattern { host: HostPattern::Any, port: None }]))
    }

    /// No host at all.
    pub fn none() -> Self {
        Self(Arc::from([]))
    }

    /// The hosts that match one of the patterns; none of them without patterns.
    ///
    /// # Errors
    /// If a pattern is not of the forms above.
    pub fn parse<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, AllowedHostError> {
        patterns
            .into_iter()
            .map(|pattern| Pattern::parse(pattern.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a host, as it stands in a parsed URL, may be reached on a port.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|pattern| pattern.matches(host, port))
    }

    /// Whether a pattern that names the port allows it: somebody means this port and not every one.
    pub(super) fn names(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|pattern| pattern.port.is_some() && pattern.matches(host, port))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, AllowedHostError> {
        let wrong = || AllowedHostError { pattern: text.to_owned() };
        let (host, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address stand in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
            _ => (text, None),
        };
        let host = if host == "*" {
            HostPattern::Any
        } else if let Some(parent) = host.strip_prefix("*.") {
            HostPattern::Below(format!(".{}", canonical(parent).ok_or_else(wrong)?))
        } else {
            HostPattern::Exactly(canonical(host).ok_or_else(wrong)?)
        };
        Ok(Self { host, port })
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        self.port.is_none_or(|allowed| allowed == port)
            && match &self.host {
                HostPattern::Any => true,
                HostPattern::Exactly(allowed) => host.eq_ignore_ascii_case(allowed),
                HostPattern::Below(parent) => {
                    host.len() > parent.len()
                        && host
                            .get(host.len() - parent.len()..)
                            .is_some_and(|end| end.eq_ignore_ascii_case(parent))
                }
            }
    }
}

impl fmt::Display for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pattern) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match &pattern.host {
                HostPattern::Any => f.write_str("*")?,
                HostPattern::Exactly(host) => f.write_str(host)?,
                HostPattern::Below(parent) => write!(f, "*{parent}")?,
            }
            if let Some(port) = pattern.port {
                write!(f, ":{port}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(patterns: &[&str]) -> AllowedHosts {
        AllowedHosts::parse(patterns).expect("the patterns are valid")
    }

    #[test]
    fn a_host_is_allowed_on_every_port_unless_the_pattern_names_one() {
        assert!(hosts(&["example.com"]).allows("example.com", 8080));
        assert!(hosts(&["example.com:443"]).allows("example.com", 443));
        assert!(!hosts(&["example.com:443"]).allows("example.com", 80));
        assert!(hosts(&["*:443"]).allows("anything.test", 443));
        assert!(!hosts(&["*:443"]).allows("anything.test", 80));
    }

    #[test]
    fn a_port_is_named_by_a_pattern_with_it_and_by_no_other() {
        let hosts = hosts(&["*", "example.com:25", "*:22"]);
        assert!(hosts.names("example.com", 25));
        assert!(hosts.names("other.test", 22));
        assert!(!hosts.names("other.test", 25));
        assert!(!hosts.names("example.com", 80));
    }

    #[test]
    fn a_star_stands_for_hosts_below_and_not_for_look_alikes() {
        let hosts = hosts(&["*.example.com"]);
        assert!(hosts.allows("a.example.com", 80));
        assert!(hosts.allows("a.b.example.com", 80));
        assert!(!hosts.allows("example.com", 80));
        assert!(!hosts.allows("badexample.com", 80));
        assert!(!hosts.allows(".example.com", 80));
        assert!(!hosts.allows("example.com.evil.test", 80));
    }

    #[test]
    fn case_and_international_names_compare_as_in_urls() {
        assert!(hosts(&["BÜCHER.example"]).allows("xn--bcher-kva.example", 80));
        assert!(hosts(&["[::1]:80", "[2001:DB8::0]"]).allows("[::1]", 80));
        assert!(hosts(&["[2001:DB8::0]"]).allows("[2001:db8::]", 80));
        assert!(!hosts(&["[::1]:80"]).allows("[::1]", 81));
        assert!(hosts(&["127.1"]).allows("127.0.0.1", 80));
    }

    #[test]
    fn no_pattern_allows_nothing() {
        assert!(!hosts(&[]).allows("example.com", 80));
        assert!(!AllowedHosts::none().allows("example.com", 80));
        assert!(AllowedHosts::all().allows("example.com", 80));
    }

    #[test]
    fn what_is_no_host_is_an_error_that_shows_it() {
        for pattern in [
            "",
            "http://example.com",
            "example.com/path",
            "a b",
            "*.",
            "user@host",
            "host:99999",
            "a*b",
            "::1",
        ] {
            let error = AllowedHosts::parse([pattern]).expect_err(pattern).to_string();
            assert!(error.contains(&format!("{pattern:?}")), "{error}");
        }
    }
}
