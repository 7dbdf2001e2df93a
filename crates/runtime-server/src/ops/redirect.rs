//! The Fetch standard's rules for redirects (section "HTTP-redirect fetch"), as far as they concern what is asked
//! for. Nothing is sent here; who asks is `referrer`'s business, and allowed hosts are checked by the caller.

use std::fmt::Write as _;

use ada_url::Url;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use runtime_facade::Body;

/// The most redirects that are followed for one fetch.
pub(super) const MAX_REDIRECTS: u32 = 20;

/// A redirect that must not be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RedirectError {
    #[error("the redirect's location {location:?} is not a URL")]
    NoUrl { location: String },
    #[error("the redirect leads to the scheme {scheme:?}, expected http or https")]
    Scheme { scheme: String },
    #[error("the redirect leads to a URL with a user name or password")]
    Credentials,
    #[error("the redirect asks for the request's body again, but that was a stream and has been sent")]
    BodyIsGone,
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooMany,
}

/// What a request sends as its body, and whether it can be sent once more.
pub(super) enum Payload {
    /// All at hand.
    Bytes(Bytes),
    /// Not sent yet; none once it has been.
    Stream(Option<Body>),
}

impl Payload {
    /// The body for the next exchange.
    pub(super) fn take(&mut self) -> Body {
        match self {
            Payload::Bytes(bytes) => Body::from(bytes.clone()),
            Payload::Stream(body) => body.take().unwrap_or_default(),
        }
    }
}

/// A request on its way along a chain of redirects.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
    pub(super) redirects: u32,
}

/// Where an answer redirects to, if its status is a redirect's and it names a place.
pub(super) fn location(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
        .then(|| headers.get(header::LOCATION))?
        .map(|value| text_of(value.as_bytes()))
}

/// A location's bytes as browsers read them: as UTF-8 or, if they are no such text, with those that are not ASCII
/// percent-encoded as they stand.
fn text_of(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

impl Hop {
    /// Goes on to where an answer with this status redirects.
    pub(super) fn follow(&mut self, status: StatusCode, location: &str) -> Result<(), RedirectError> {
        let mut next = Url::parse(location, Some(self.url.href()))
            .map_err(|_| RedirectError::NoUrl { location: location.to_owned() })?;
        if !matches!(next.protocol(), "http:" | "https:") {
            return Err(RedirectError::Scheme { scheme: next.protocol().trim_end_matches(':').to_owned() });
        }
        if next.has_credentials() {
            return Err(RedirectError::Credentials);
        }
        if self.redirects >= MAX_REDIRECTS {
            return Err(RedirectError::TooMany);
        }
        self.redirects += 1;
        let becomes_get = match status.as_u16() {
            303 => self.method != Method::GET && self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.payload = Payload::Bytes(Bytes::new());
            for name in [
                header::CONTENT_ENCODING,
                header::CONTENT_LANGUAGE,
                header::CONTENT_LOCATION,
                header::CONTENT_TYPE,
                header::CONTENT_LENGTH,
            ] {
                self.headers.remove(name);
            }
        } else if matches!(self.payload, Payload::Stream(None)) {
            return Err(RedirectError::BodyIsGone);
        }
        if next.origin() != self.url.origin() {
            for name in [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION] {
                self.headers.remove(name);
            }
        }
        if !next.has_hash() && self.url.has_hash() {
            next.set_hash(Some(self.url.hash()));
        }
        self.url = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn hop(method: Method, payload: Payload) -> Hop {
        let headers = [
            (header::AUTHORIZATION, "secret"),
            (header::COOKIE, "a=1"),
            (header::CONTENT_TYPE, "text/plain"),
            (header::ACCEPT, "*/*"),
        ];
        Hop {
            method,
            url: Url::parse("http://one.test/a/b?c#d", None).expect("a URL"),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, HeaderValue::from_static(value)))
                .collect(),
            payload,
            redirects: 0,
        }
    }

    fn bytes() -> Payload {
        Payload::Bytes(Bytes::from_static(b"body"))
    }

    fn status(code: u16) -> StatusCode {
        StatusCode::from_u16(code).expect("a status")
    }

    #[test]
    fn post_becomes_get_without_body_where_the_standard_says_so() {
        for code in [301, 302, 303] {
            let mut hop = hop(Method::POST, bytes());
            hop.follow(status(code), "/next").expect("it can be followed");
            assert_eq!(hop.method, Method::GET);
            assert!(matches!(&hop.payload, Payload::Bytes(bytes) if bytes.is_empty()));
            assert!(!hop.headers.contains_key(header::CONTENT_TYPE));
            assert_eq!(hop.url.href(), "http://one.test/next#d");
        }
    }

    #[test]
    fn other_methods_are_kept_and_their_body_is_sent_again() {
        for (code, method) in [
            (301, Method::PUT),
            (302, Method::DELETE),
            (307, Method::POST),
            (308, Method::POST),
            (303, Method::HEAD),
        ] {
            let mut hop = hop(method.clone(), bytes());
            hop.follow(status(code), "next").expect("it can be followed");
            assert_eq!(hop.method, method);
            assert!(hop.headers.contains_key(header::CONTENT_TYPE));
            assert_eq!(hop.url.pathname(), "/a/next");
        }
    }

    #[test]
    fn a_streamed_body_is_not_sent_twice() {
        let error = hop(Method::POST, Payload::Stream(None)).follow(status(307), "/next");
        assert_eq!(error, Err(RedirectError::BodyIsGone));
        hop(Method::POST, Payload::Stream(None)).follow(status(303), "/next").expect("a GET has no body");
    }

    #[test]
    fn secrets_do_not_go_to_another_origin() {
        for (location, is_kept) in [
            ("/same", true),
            ("http://one.test:80/", true),
            ("https://one.test/", false),
            ("http://one.test:81/", false),
            ("//two.test/", false),
        ] {
            let mut hop = hop(Method::GET, bytes());
            hop.follow(status(302), location).expect("it can be followed");
            assert_eq!(hop.headers.contains_key(header::AUTHORIZATION), is_kept, "{location}");
            assert_eq!(hop.headers.contains_key(header::COOKIE), is_kept, "{location}");
            assert!(hop.headers.contains_key(header::ACCEPT));
        }
    }

    #[test]
    fn places_that_are_not_http_are_refused() {
        let follow = |location| hop(Method::GET, bytes()).follow(status(302), location);
        assert_eq!(follow("file:///etc/passwd"), Err(RedirectError::Scheme { scheme: "file".into() }));
        assert_eq!(follow("http://user:secret@one.test/"), Err(RedirectError::Credentials));
        assert!(matches!(follow("http://["), Err(RedirectError::NoUrl { .. })));
    }

    #[test]
    fn twenty_redirects_are_followed_and_no_more() {
        let mut hop = hop(Method::GET, bytes());
        for _ in 0..MAX_REDIRECTS {
            hop.follow(status(302), "/next").expect("it can be followed");
        }
        assert_eq!(hop.follow(status(302), "/next"), Err(RedirectError::TooMany));
    }

    #[test]
    fn only_redirect_statuses_with_a_location_redirect() {
        let mut headers = HeaderMap::new();
        assert_eq!(location(status(302), &headers), None);
        headers.insert(header::LOCATION, HeaderValue::from_bytes("/ü".as_bytes()).expect("a value"));
        assert_eq!(location(status(302), &headers).as_deref(), Some("/ü"));
        headers.insert(header::LOCATION, HeaderValue::from_bytes(b"/?a\xffb").expect("a value"));
        assert_eq!(location(status(302), &headers).as_deref(), Some("/?a%FFb"));
        assert_eq!(location(status(304), &headers), None);
        assert_eq!(location(status(200), &headers), None);
    }
}
