//! The native half of URL: parsing, setters and origins, by the URL specification. The parser is ada; a URL goes to
//! JavaScript as its href with the places of its components, and comes back as an href.

use ada_url::Url;
use runtime_core::Native;

use super::{Arguments, Return, Scope, number, string};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("urlParse", url_parse),
        Native::new("urlSet", url_set),
        Native::new("urlCanParse", url_can_parse),
        Native::new("urlOrigin", url_origin),
    ]
}

/// The longest input, in bytes of UTF-8, that is taken for a URL. Parsing copies it several times over, in memory
/// that no guest's limit covers.
const LONGEST: usize = 16 << 20;

fn parse(input: &str, base: Option<&str>) -> Option<Url> {
    if input.len() > LONGEST || base.is_some_and(|base| base.len() > LONGEST) {
        return None;
    }
    Url::parse(input, base).ok()
}

/// The places of the components in the order in which JavaScript expects them after the href; -1 for what is absent.
/// An href is ASCII, so that bytes are code units.
fn components(url: &Url) -> [f64; 8] {
    let places = url.components();
    let optional = |place: Option<u32>| place.map_or(-1.0, f64::from);
    // Every URL that has been parsed has a path; that of an opaque one may be empty, and is then at the end.
    let path = places.pathname_start.map_or(url.href().len() as f64, f64::from);
    [
        f64::from(places.protocol_end),
        f64::from(places.username_end),
        f64::from(places.host_start),
        f64::from(places.host_end),
        optional(places.port),
        path,
        optional(places.search_start),
        optional(places.hash_start),
    ]
}

/// The URL with one part set, by the specification's API setters. None if that changes nothing.
fn set(href: &str, part: u32, value: &str) -> Option<Url> {
    if value.len() > LONGEST {
        return None;
    }
    let mut url = parse(href, None)?;
    let value_or_clear = Some(value);
    // A setter that refuses its value leaves the URL as it is; so does one that has nothing to change.
    match part {
        0 => return parse(value, None),
        1 => drop(url.set_protocol(value)),
        2 => drop(url.set_username(value_or_clear)),
        3 => drop(url.set_password(value_or_clear)),
        4 => drop(url.set_host(value_or_clear)),
        5 => drop(url.set_hostname(value_or_clear)),
        6 => drop(url.set_port(value_or_clear)),
        7 => drop(url.set_pathname(value_or_clear)),
        8 => url.set_search(value_or_clear),
        9 => url.set_hash(value_or_clear),
        _ => return None,
    }
    (url.href() != href).then_some(url)
}

/// Answers with the record of a URL, or with null.
fn answer<'s>(scope: Scope<'_, 's, '_>, mut result: Return<'s>, url: Option<&Url>) {
    let record = url.and_then(|url| {
        let href = v8::String::new_from_one_byte(scope, url.href().as_bytes(), v8::NewStringType::Normal)?;
        let mut record: Vec<v8::Local<'s, v8::Value>> = vec![href.into()];
        record
            .extend(components(url).map(|place| v8::Local::<v8::Value>::from(v8::Number::new(scope, place))));
        Some(v8::Array::new_with_elements(scope, &record))
    });
    match record {
        Some(record) => result.set(record.into()),
        None => result.set_null(),
    }
}

/// The base of a relative URL, if the argument is there.
fn base(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Option<String> {
    let is_given = !arguments.get(1).is_undefined();
    is_given.then(|| string(scope, arguments, 1))
}

fn url_parse<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, result: Return<'s>) {
    let input = string(scope, &arguments, 0);
    let base = base(scope, &arguments);
    answer(scope, result, parse(&input, base.as_deref()).as_ref());
}

fn url_set<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, result: Return<'s>) {
    let href = string(scope, &arguments, 0);
    let part = number(scope, &arguments, 1);
    let value = string(scope, &arguments, 2);
    answer(scope, result, set(&href, part, &value).as_ref());
}

fn url_can_parse<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let input = string(scope, &arguments, 0);
    let base = base(scope, &arguments);
    result.set_bool(parse(&input, base.as_deref()).is_some());
}

fn url_origin<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let href = string(scope, &arguments, 0);
    let origin = parse(&href, None).map_or_else(|| "null".to_owned(), |url| url.origin());
    if let Some(origin) = v8::String::new(scope, &origin) {
        result.set(origin.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of an href between two places, as the JavaScript cuts it.
    fn parts(input: &str) -> (String, [f64; 8]) {
        let url = parse(input, None).expect("a valid URL");
        (url.href().to_owned(), components(&url))
    }

    #[test]
    fn components_are_where_the_javascript_looks_for_them() {
        let (href, places) = parts("https://user:pass@example.com:1234/foo/bar?baz#quux");
        assert_eq!(href, "https://user:pass@example.com:1234/foo/bar?baz#quux");
        assert_eq!(places, [6.0, 12.0, 17.0, 29.0, 1234.0, 34.0, 42.0, 46.0]);
        let (href, places) = parts("HTTP://EXAMPLE.com");
        assert_eq!(href, "http://example.com/");
        assert_eq!(places, [5.0, 7.0, 7.0, 18.0, -1.0, 18.0, -1.0, -1.0]);
        let (href, places) = parts("mailto:a@b.c");
        assert_eq!(href, "mailto:a@b.c");
        assert_eq!(places, [7.0, 7.0, 7.0, 7.0, -1.0, 7.0, -1.0, -1.0]);
    }

    #[test]
    fn hosts_become_ascii_and_paths_are_escaped() {
        let (href, _) = parts("https://b\u{fc}cher.example/\u{1f4a9}?q=\u{e9}");
        assert_eq!(href, "https://xn--bcher-kva.example/%F0%9F%92%A9?q=%C3%A9");
        assert!(href.is_ascii());
    }

    #[test]
    fn relative_urls_need_a_base() {
        assert!(parse("/path", None).is_none());
        let url = parse("../x?y", Some("http://h/a/b/c")).expect("a valid base");
        assert_eq!(url.href(), "http://h/a/x?y");
        assert!(parse("/path", Some("mailto:x")).is_none());
        assert!(parse("http://exa mple/", None).is_none());
    }

    #[test]
    fn every_setter_changes_its_own_part() {
        let href = "http://u:p@h.example:8080/a?b#c";
        let cases = [
            (0, "https://other/", Some("https://other/")),
            (1, "https", Some("https://u:p@h.example:8080/a?b#c")),
            (2, "me", Some("http://me:p@h.example:8080/a?b#c")),
            (3, "", Some("http://u@h.example:8080/a?b#c")),
            (4, "x:9", Some("http://u:p@x:9/a?b#c")),
            (5, "x", Some("http://u:p@x:8080/a?b#c")),
            (6, "80", Some("http://u:p@h.example/a?b#c")),
            (6, "", Some("http://u:p@h.example/a?b#c")),
            (7, "x y", Some("http://u:p@h.example:8080/x%20y?b#c")),
            (8, "", Some("http://u:p@h.example:8080/a#c")),
            (8, "?q=1", Some("http://u:p@h.example:8080/a?q=1#c")),
            (9, "", Some("http://u:p@h.example:8080/a?b")),
            (9, "#d", Some("http://u:p@h.example:8080/a?b#d")),
            // Refused, or the same as before.
            (0, "nonsense", None),
            (1, "mailto", None),
            (4, "a b", None),
            (6, "x", None),
            (8, "b", None),
            (10, "?", None),
        ];
        for (part, value, expected) in cases {
            let url = set(href, part, value);
            assert_eq!(url.as_ref().map(Url::href), expected, "part {part} set to {value:?}");
        }
    }

    #[test]
    fn origins_are_opaque_where_there_is_no_host() {
        let origin = |href: &str| parse(href, None).expect("a valid URL").origin();
        assert_eq!(origin("https://h:443/x"), "https://h");
        assert_eq!(origin("blob:https://h:81/uuid"), "https://h:81");
        assert_eq!(origin("mailto:x"), "null");
        assert_eq!(origin("file:///x"), "null");
    }

    #[test]
    fn an_input_that_would_cost_the_host_too_much_is_no_url() {
        let long = format!("http://h/{}", "a".repeat(LONGEST));
        assert!(parse(&long, None).is_none());
    }
}
