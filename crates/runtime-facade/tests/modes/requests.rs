//! What a guest sees of an incoming request.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::support::*;

fn request(
    method: Method,
    url: &str,
    headers: &[(&'static str, &'static str)],
    body: impl Into<Body>,
) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Request { method, url: url.to_owned(), headers: map, body: body.into() }
}

async fn told(fixture: Fixture, body: &str, request: Request) -> String {
    let collected = answer(&fixture.runtime(), Call::new(handler(body), request)).await;
    collected.unwrap_or_else(|failure| panic!("{failure}")).text()
}

in_every_mode! {
    async fn method_url_and_headers_arrive_as_sent(fixture: Fixture) {
        let request = request(
            Method::PATCH,
            "https://example.org:8443/a%20b/?q=1&q=2",
            &[("x-one", "1"), ("x-many", "a"), ("x-many", "b"), ("cookie", "k=v")],
            Body::empty(),
        );
        let body = "const { method, url, headers } = request;
            return new Response(JSON.stringify([method, url, headers.get('x-one'), headers.get('x-many'),
              headers.get('cookie'), headers.has('x-none'), request.body === null]))";
        assert_eq!(
            told(fixture, body, request).await,
            r#"["PATCH","https://example.org:8443/a%20b/?q=1&q=2","1","a, b","k=v",false,true]"#
        );
    }
}

in_every_mode! {
    async fn header_values_keep_bytes_that_are_no_ascii(fixture: Fixture) {
        let mut request = request(Method::GET, "http://localhost/", &[], Body::empty());
        let value = HeaderValue::from_bytes(b"caf\xe9").expect("it may be in a header");
        request.headers.append("x-name", value);
        let body = "return new Response(null, { headers: { 'x-name': request.headers.get('x-name') } })";
        let collected = answer(&fixture.runtime(), Call::new(handler(body), request)).await.expect("an answer");
        assert_eq!(collected.headers["x-name"].as_bytes(), b"caf\xe9");
    }
}

in_every_mode! {
    async fn a_body_is_read_as_text_json_bytes_or_form(fixture: Fixture) {
        let read = |method: &'static str| {
            format!("const value = await request.{method}(); return new Response(JSON.stringify(
                value instanceof ArrayBuffer ? [...new Uint8Array(value)]
                  : value instanceof FormData ? [...value] : value))")
        };
        let post = |body: &'static str, kind| {
            request(Method::POST, "http://localhost/", &[("content-type", kind)], body)
        };
        assert_eq!(told(fixture, &read("text"), post("héllo", "text/plain")).await, "\"héllo\"");
        assert_eq!(told(fixture, &read("json"), post("{\"a\":[1]}", "text/plain")).await, "{\"a\":[1]}");
        assert_eq!(told(fixture, &read("arrayBuffer"), post("\u{0}ab", "text/plain")).await, "[0,97,98]");
        let form = "application/x-www-form-urlencoded";
        assert_eq!(told(fixture, &read("formData"), post("a=1&b=%20", form)).await, r#"[["a","1"],["b"," "]]"#);
    }
}

in_every_mode! {
    async fn a_body_can_be_read_once_and_not_twice(fixture: Fixture) {
        let request = request(Method::POST, "http://localhost/", &[], "once");
        let body = "const first = await request.text();
            const second = await request.text().catch((error) => error.name);
            return new Response(`${first} ${request.bodyUsed} ${second}`)";
        assert_eq!(told(fixture, body, request).await, "once true TypeError");
    }
}

in_every_mode! {
    async fn a_clone_of_a_request_has_the_whole_body_too(fixture: Fixture) {
        let request = request(Method::POST, "http://localhost/", &[], "twice");
        let body = "const copy = request.clone();
            return new Response(await request.text() + ' ' + await copy.text())";
        assert_eq!(told(fixture, body, request).await, "twice twice");
    }
}

in_every_mode! {
    async fn a_large_body_arrives_whole(fixture: Fixture) {
        let request = request(Method::POST, "http://localhost/", &[], "0123456789abcdef".repeat(65_536));
        let body = "const bytes = new Uint8Array(await request.arrayBuffer());
            let sum = 0; for (let i = 0; i < bytes.length; i++) sum = (sum + bytes[i] * (i % 251)) | 0;
            return new Response(`${bytes.length} ${sum}`)";
        let bytes = "0123456789abcdef".repeat(65_536).into_bytes();
        let sum = bytes
            .iter()
            .zip(0i32..)
            .fold(0i32, |sum, (byte, index)| sum.wrapping_add(i32::from(*byte) * (index % 251)));
        assert_eq!(told(fixture, body, request).await, format!("{} {sum}", bytes.len()));
    }
}

in_every_mode! {
    async fn a_body_that_breaks_off_is_an_error_for_the_guest(fixture: Fixture) {
        let frames = futures_util::stream::iter([
            Ok(http_body::Frame::data(bytes::Bytes::from_static(b"half"))),
            Err(std::io::Error::other("the client hung up")),
        ]);
        let body = Body::stream(http_body_util::StreamBody::new(frames));
        let request = request(Method::POST, "http://localhost/", &[], body);
        let script = "return new Response(await request.text().catch((error) => `${error.name}: ${error.message}`))";
        let told = told(fixture, script, request).await;
        assert!(told.starts_with("TypeError: ") && told.contains("the client hung up"), "{told}");
    }
}
