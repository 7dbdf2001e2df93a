//! What a worker is made of: its script and its environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use ada_url::Url;
use runtime_core::Script;
use sha2::{Digest, Sha256};

/// A worker's script together with the environment variables that it finds in `env`. Cloning is cheap; make it once
/// and use it for every request.
///
/// ```
/// use runtime_web::WorkerCode;
/// let code = WorkerCode::from("export default { fetch(_, env) { return new Response(env.NAME) } }")
///     .env([("NAME", "Ada")]);
/// ```
#[derive(Clone, Debug)]
pub struct WorkerCode {
    script: Script,
    env: Arc<BTreeMap<String, String>>,
    env_hash: [u8; 32],
}

impl WorkerCode {
    /// A script without environment.
    pub fn new(script: impl Into<Script>) -> Self {
        Self { script: script.into(), env: Arc::default(), env_hash: hash(&BTreeMap::new()) }
    }

    /// The same script with this environment instead.
    #[must_use]
    pub fn env<K: Into<String>, V: Into<String>>(mut self, env: impl IntoIterator<Item = (K, V)>) -> Self {
        let env: BTreeMap<String, String> =
            env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.env_hash = hash(&env);
        self.env = Arc::new(env);
        self
    }

    /// The same script at this place on the web: an absolute URL with `http` or `https`. The guest finds it as `location`, its
    /// relative URLs are relative to it, and its fetches tell of it ([`FetchClient`](crate::FetchClient)).
    ///
    /// # Errors
    /// If the text is no such URL.
    ///
    /// ```
    /// use runtime_web::WorkerCode;
    /// let source = "export default { fetch() { return fetch('/api/items') } }";
    /// let code = WorkerCode::from(source).located_at("https://shop.example/")?;
    /// # Ok::<(), runtime_web::LocationError>(())
    /// ```
    pub fn located_at(mut self, location: &str) -> Result<Self, LocationError> {
        let url = Url::parse(location, None)
            .ok()
            .filter(|url| matches!(url.protocol(), "http:" | "https:") && !url.has_credentials())
            .ok_or_else(|| LocationError { found: location.to_owned() })?;
        self.script = self.script.located_at(url.href());
        Ok(self)
    }

    /// The script.
    pub fn script(&self) -> &Script {
        &self.script
    }

    pub(crate) fn variables(&self) -> &Arc<BTreeMap<String, String>> {
        &self.env
    }

    pub(crate) fn env_hash(&self) -> [u8; 32] {
        self.env_hash
    }
}

/// A text is no place for a worker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a location such as \"https://example.com/\", without user and password, found {found:?}")]
pub struct LocationError {
    /// The text.
    pub found: String,
}

fn hash(env: &BTreeMap<String, String>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in env.iter().flat_map(|(name, value)| [name, value]) {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

impl From<&str> for WorkerCode {
    fn from(source: &str) -> Self {
        Self::new(source)
    }
}

impl From<String> for WorkerCode {
    fn from(source: String) -> Self {
        Self::new(source)
    }
}

impl From<Script> for WorkerCode {
    fn from(script: Script) -> Self {
        Self::new(script)
    }
}

impl From<&WorkerCode> for WorkerCode {
    fn from(code: &WorkerCode) -> Self {
        code.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_an_absolute_url_of_http_and_part_of_the_identity() {
        let code = WorkerCode::from("export default {}");
        let at = |location| code.clone().located_at(location);
        let there = at("HTTPS://a.test").expect("a location");
        assert_eq!(there.script().location(), Some("https://a.test/"));
        assert_ne!(there.script().hash(), code.script().hash());
        for text in ["", "/a", "a.test", "ftp://a.test/", "https://", "https://u:p@a.test/"] {
            assert!(at(text).is_err_and(|error| error.to_string().contains(text)), "{text}");
        }
    }

    #[test]
    fn an_environment_change_is_another_identity() {
        let code = WorkerCode::from("export default {}");
        assert_ne!(code.env_hash(), code.clone().env([("A", "1")]).env_hash());
        assert_ne!(
            code.clone().env([("A", "1")]).env_hash(),
            code.clone().env([("A", "1"), ("B", "")]).env_hash()
        );
        assert_eq!(
            code.clone().env([("A", "1"), ("B", "2")]).env_hash(),
            code.env([("B", "2"), ("A", "1")]).env_hash()
        );
    }
}
