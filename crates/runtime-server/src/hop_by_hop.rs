//! Headers that concern one connection only (RFC 9110, section 7.6.1) and must not be passed on, in either direction.

use http::header::{self, HeaderMap, HeaderName};

/// Besides those that `connection` lists.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Removes them.
pub(crate) fn remove(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let listed: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in listed {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The length that the headers announce, if they announce exactly one.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let value = values.next()?.to_str().ok()?;
    // `parse` would take a sign.
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && values.next().is_none()).then(|| value.parse().ok())?
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_connection_lists_goes_with_it() {
        let mut headers: HeaderMap = [
            ("connection", "x-private, close"),
            ("x-private", "1"),
            ("transfer-encoding", "chunked"),
            ("keep-alive", "timeout=5"),
            ("x-public", "2"),
        ]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
        remove(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["x-public"]);
    }

    #[test]
    fn only_one_plain_number_is_a_length() {
        let length = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_LENGTH, HeaderValue::from_static(value));
            }
            content_length(&headers)
        };
        assert_eq!(length(&["10"]), Some(10));
        for wrong in [&["+10"][..], &["10", "10"], &["10, 10"], &[""], &["0x10"], &[]] {
            assert_eq!(length(wrong), None, "{wrong:?}");
        }
    }
}
