//! Whom a request says that it is from: the headers `referer` and `origin` of a worker that has a location, by the Referrer
//! Policy standard ("Determine request's Referrer") and the Fetch standard ("Append a request `Origin` header"). A header
//! of these that the guest has set itself is left as it is.

use std::net::Ipv4Addr;

use ada_url::Url;
use http::Method;
use http::header::{HeaderMap, HeaderValue, ORIGIN, REFERER, REFERRER_POLICY};
use runtime_facade::{FetchClient, ReferrerPolicy, RequestMode};

/// The longest referrer that is told in full, in bytes.
const LONGEST_REFERRER: usize = 4096;

/// What a request says of its client, along a chain of redirects.
pub(super) struct Introduction {
    origin: String,
    referrer: Option<Url>,
    policy: ReferrerPolicy,
    mode: RequestMode,
    /// The chain has been at a place that is neither the client's nor the one that it redirected to.
    is_tainted: bool,
    /// The chain has left the client's origin, with the mode "cors".
    is_cors: bool,
    writes_referrer: bool,
    writes_origin: bool,
}

impl Introduction {
    /// Of a client whose request has these headers.
    pub(super) fn new(client: FetchClient, mode: RequestMode, headers: &HeaderMap) -> Self {
        Self {
            origin: client.origin,
            referrer: client.referrer.and_then(|referrer| Url::parse(referrer, None).ok()),
            policy: client.referrer_policy,
            mode,
            is_tainted: false,
            is_cors: false,
            writes_referrer: !headers.contains_key(REFERER),
            writes_origin: !headers.contains_key(ORIGIN),
        }
    }

    /// Writes what a request to this URL says.
    pub(super) fn write(&mut self, method: &Method, url: &Url, headers: &mut HeaderMap) {
        self.referrer = self.referrer.take().and_then(|referrer| told(&referrer, self.policy, url));
        self.is_cors |= self.mode == RequestMode::Cors && url.origin() != self.origin;
        if self.writes_referrer {
            set(headers, REFERER, self.referrer.as_ref().map(Url::href));
        }
        if self.writes_origin {
            set(headers, ORIGIN, self.shown_origin(method, url));
        }
    }

    fn shown_origin(&self, method: &Method, url: &Url) -> Option<&str> {
        let origin = if self.is_tainted { "null" } else { &self.origin };
        if self.is_cors {
            return Some(origin);
        }
        if matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let is_withheld = self.mode != RequestMode::Cors
            && match self.policy {
                ReferrerPolicy::NoReferrer => true,
                ReferrerPolicy::NoReferrerWhenDowngrade
                | ReferrerPolicy::StrictOrigin
                | ReferrerPolicy::StrictOriginWhenCrossOrigin => {
                    self.origin.starts_with("https:") && url.protocol() != "https:"
                }
                ReferrerPolicy::SameOrigin => url.origin() != self.origin,
                ReferrerPolicy::Origin
                | ReferrerPolicy::OriginWhenCrossOrigin
                | ReferrerPolicy::UnsafeUrl => false,
            };
        Some(if is_withheld { "null" } else { origin })
    }

    /// Goes on from one place to another, by an answer with these headers.
    pub(super) fn redirected(&mut self, from: &Url, to: &Url, headers: &HeaderMap) {
        self.is_tainted |= to.origin() != from.origin() && from.origin() != self.origin;
        // The last one that is known counts.
        let policies = headers.get_all(REFERRER_POLICY).iter().filter_map(|value| value.to_str().ok());
        let mut named = policies
            .flat_map(|text| text.split(','))
            .filter_map(|name| ReferrerPolicy::of_name(&name.trim().to_ascii_lowercase()));
        if let Some(policy) = named.next_back() {
            self.policy = policy;
        }
    }
}

fn set(headers: &mut HeaderMap, name: http::HeaderName, value: Option<&str>) {
    // A URL and an origin are ASCII.
    match value.and_then(|value| HeaderValue::from_str(value).ok()) {
        Some(value) => headers.insert(name, value),
        None => headers.remove(name),
    };
}

/// As much of a referrer as a request to this URL tells.
fn told(referrer: &Url, policy: ReferrerPolicy, url: &Url) -> Option<Url> {
    let mut whole = referrer.clone();
    if !matches!(whole.protocol(), "http:" | "https:") {
        return None;
    }
    // What is not there cannot be taken away, which is no failure.
    let _ = whole.set_username(None);
    let _ = whole.set_password(None);
    whole.set_hash(None);
    let origin = Url::parse(whole.origin(), None).ok();
    if whole.href().len() > LONGEST_REFERRER {
        whole = origin.clone()?;
    }
    let is_same = whole.origin() == url.origin();
    let is_downgrade = is_trustworthy(&whole) && !is_trustworthy(url);
    match policy {
        ReferrerPolicy::NoReferrer => None,
        ReferrerPolicy::Origin => origin,
        ReferrerPolicy::UnsafeUrl => Some(whole),
        ReferrerPolicy::SameOrigin => is_same.then_some(whole),
        ReferrerPolicy::OriginWhenCrossOrigin => {
            if is_same {
                Some(whole)
            } else {
                origin
            }
        }
        ReferrerPolicy::StrictOriginWhenCrossOrigin if is_same => Some(whole),
        ReferrerPolicy::StrictOrigin | ReferrerPolicy::StrictOriginWhenCrossOrigin => {
            origin.filter(|_| !is_downgrade)
        }
        ReferrerPolicy::NoReferrerWhenDowngrade => (!is_downgrade).then_some(whole),
    }
}

/// Whether nobody on the way can read or change what is said ("potentially trustworthy", Secure Contexts).
fn is_trustworthy(url: &Url) -> bool {
    let host = url.hostname();
    url.protocol() == "https:"
        || host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    const WORKER: &str = "https://shop.test/cart?id=1";

    fn url(text: &str) -> Url {
        Url::parse(text, None).expect("a URL")
    }

    fn introduction(policy: ReferrerPolicy, mode: RequestMode) -> Introduction {
        let client = FetchClient {
            origin: "https://shop.test".to_owned(),
            referrer: Some(WORKER.to_owned()),
            referrer_policy: policy,
        };
        Introduction::new(client, mode, &HeaderMap::new())
    }

    /// The headers of a request.
    fn written(introduction: &mut Introduction, method: Method, to: &str) -> [Option<String>; 2] {
        let mut headers = HeaderMap::new();
        introduction.write(&method, &url(to), &mut headers);
        [REFERER, ORIGIN]
            .map(|name: HeaderName| headers.get(name).map(|value| value.to_str().expect("text").to_owned()))
    }

    #[test]
    fn a_policy_says_how_much_of_the_referrer_is_told() {
        use ReferrerPolicy as Policy;
        const ORIGIN: Option<&str> = Some("https://shop.test/");
        const WHOLE: Option<&str> = Some(WORKER);
        // Within the origin, beyond it, and to where there is no TLS.
        for (policy, within, beyond, downgrade) in [
            (Policy::NoReferrer, None, None, None),
            (Policy::NoReferrerWhenDowngrade, WHOLE, WHOLE, None),
            (Policy::SameOrigin, WHOLE, None, None),
            (Policy::Origin, ORIGIN, ORIGIN, ORIGIN),
            (Policy::StrictOrigin, ORIGIN, ORIGIN, None),
            (Policy::OriginWhenCrossOrigin, WHOLE, ORIGIN, ORIGIN),
            (Policy::StrictOriginWhenCrossOrigin, WHOLE, ORIGIN, None),
            (Policy::UnsafeUrl, WHOLE, WHOLE, WHOLE),
        ] {
            for (to, expected) in [
                ("https://shop.test/a", within),
                ("https://other.test/", beyond),
                ("http://other.test/", downgrade),
            ] {
                let [referrer, _] = written(&mut introduction(policy, RequestMode::Cors), Method::GET, to);
                assert_eq!(referrer.as_deref(), expected, "{policy:?} {to}");
            }
        }
    }

    #[test]
    fn a_referrer_tells_no_secrets_and_no_fragment_and_is_not_endless() {
        let told = |referrer: &str| {
            told(&url(referrer), ReferrerPolicy::UnsafeUrl, &url("https://other.test/"))
                .map(|told| told.href().to_owned())
        };
        assert_eq!(told("https://u:p@shop.test/a#b").as_deref(), Some("https://shop.test/a"));
        assert_eq!(
            told(&format!("https://shop.test/{}", "a".repeat(5_000))).as_deref(),
            Some("https://shop.test/")
        );
        assert_eq!(told("data:,a"), None);
    }

    #[test]
    fn an_origin_goes_with_what_leaves_it_and_with_what_changes_something() {
        let origin = |method, mode, to| {
            let [_, origin] = written(&mut introduction(ReferrerPolicy::default(), mode), method, to);
            origin
        };
        const OURS: Option<&str> = Some("https://shop.test");
        for (method, mode, to, expected) in [
            (Method::GET, RequestMode::Cors, "https://shop.test/", None),
            (Method::GET, RequestMode::Cors, "https://other.test/", OURS),
            (Method::POST, RequestMode::Cors, "https://shop.test/", OURS),
            (Method::GET, RequestMode::NoCors, "https://other.test/", None),
            (Method::POST, RequestMode::NoCors, "https://other.test/", OURS),
            (Method::POST, RequestMode::NoCors, "http://other.test/", Some("null")),
        ] {
            assert_eq!(origin(method.clone(), mode, to).as_deref(), expected, "{method} {mode:?} {to}");
        }
    }

    #[test]
    fn a_redirect_of_a_stranger_to_another_hides_the_origin_and_may_change_the_policy() {
        let mut introduction = introduction(ReferrerPolicy::UnsafeUrl, RequestMode::Cors);
        let places = ["https://shop.test/", "https://one.test/", "https://two.test/"];
        let mut answer = HeaderMap::new();
        answer.append(REFERRER_POLICY, HeaderValue::from_static("unknown, ORIGIN , later"));
        let mut seen = vec![written(&mut introduction, Method::GET, places[0])];
        for pair in places.windows(2) {
            introduction.redirected(&url(pair[0]), &url(pair[1]), &answer);
            seen.push(written(&mut introduction, Method::GET, pair[1]));
        }
        let expected = [
            [Some(WORKER), None],
            [Some("https://shop.test/"), Some("https://shop.test")],
            [Some("https://shop.test/"), Some("null")],
        ];
        assert_eq!(seen, expected.map(|pair| pair.map(|text| text.map(str::to_owned))));
    }

    #[test]
    fn what_the_guest_says_itself_is_left() {
        let client = FetchClient {
            origin: "https://shop.test".to_owned(),
            referrer: Some(WORKER.to_owned()),
            referrer_policy: ReferrerPolicy::default(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(REFERER, HeaderValue::from_static("https://a.test/"));
        headers.insert(ORIGIN, HeaderValue::from_static("https://a.test"));
        let given = headers.clone();
        let mut introduction = Introduction::new(client, RequestMode::Cors, &headers);
        introduction.write(&Method::POST, &url("https://other.test/"), &mut headers);
        assert_eq!(headers, given);
    }
}
