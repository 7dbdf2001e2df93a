//! EventSource: what a stream of events is taken for, and when a connection is made anew.

use http::HeaderValue;
use parking_lot::Mutex;

use crate::support::host::fetched;
use crate::support::*;

/// A host that gives these bodies, one a connection and then none, as streams of events; with the `last-event-id` that
/// each connection came with.
fn streaming(bodies: &'static [&'static str]) -> (Host, Arc<Mutex<Vec<Option<String>>>>) {
    let connections = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&connections);
    let host = Host::new().on_fetch(move |request: FetchRequest| {
        assert_eq!(request.headers["accept"], "text/event-stream");
        assert_eq!(request.headers["cache-control"], "no-cache");
        assert_eq!(request.headers["pragma"], "no-cache");
        let id = request
            .headers
            .get("last-event-id")
            .map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        let number = seen.lock().len();
        seen.lock().push(id);
        let status = if number < bodies.len() { 200 } else { 204 };
        let mut response = fetched(request.url, status, *bodies.get(number).unwrap_or(&""));
        response.headers.insert("content-type", HeaderValue::from_static("text/event-stream; charset=utf-8"));
        std::future::ready(Ok(response))
    });
    (host, connections)
}

/// Records all events of a source until it is closed for good.
const RECORD: &str = "const seen = [];
    const source = new EventSource('http://events.test/x', { withCredentials: true });
    const note = ({ type, data, lastEventId, origin }) => seen.push([type, data, lastEventId, origin]);
    source.addEventListener('message', note);
    source.addEventListener('other', note);
    source.onopen = () => seen.push(['open', source.readyState]);
    return new Promise((resolve) => {
        source.onerror = () => {
            seen.push(['error', source.readyState]);
            if (source.readyState === 2) resolve(Response.json(seen));
        };
    })";

in_every_mode! {
    async fn events_are_read_as_html_says(fixture: Fixture) {
        let (host, connections) = streaming(&[
            "\u{feff}retry: 1\n: a comment\ndata: one\ndata\ndata:  two\nid: 7\n\n\
             event: other\r\ndata:x\r\n\r\nid\rdata: mac\r\rdata\n\n\
             event: lost\n\nretry: soon\nid: 8\u{0}\nnonsense: 1\ndata:{\"a\":1}\nid: grüße\n\ndata: cut off\n",
            "data: again\n\n",
        ]);
        let seen = text(&fixture.runtime_for(&host), handler(RECORD)).await;
        let at = "http://events.test";
        let expected = serde_json::json!([
            ["open", 1],
            ["message", "one\n\n two", "7", at],
            ["other", "x", "7", at],
            ["message", "mac", "", at],
            ["message", "", "", at],
            ["message", "{\"a\":1}", "grüße", at],
            ["error", 0],
            ["open", 1],
            ["message", "again", "grüße", at],
            ["error", 0],
            ["error", 2],
        ]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&seen).expect("JSON"), expected);
        assert_eq!(*connections.lock(), [None, Some("grüße".to_owned()), Some("grüße".to_owned())]);
    }
}

in_every_mode! {
    async fn a_source_that_gives_no_stream_of_events_is_closed_for_good(fixture: Fixture) {
        let host = Host::new().on_fetch(|request: FetchRequest| {
            let status = if request.url.ends_with("404") { 404 } else { 200 };
            std::future::ready(Ok(fetched(request.url, status, "data: x\n\n")))
        });
        let runtime = fixture.runtime_for(&host);
        for url in ["http://events.test/404", "http://events.test/plain"] {
            let script = handler(&format!("const source = new EventSource('{url}');
                const seen = [source.readyState, source.url, source.withCredentials];
                source.onopen = source.onmessage = ({{ type }}) => seen.push(type);
                return new Promise((resolve) => {{
                    source.onerror = () => resolve(new Response([...seen, source.readyState].join(' ')));
                }})"));
            assert_eq!(text(&runtime, script).await, format!("0 {url} false 2"));
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_connection_that_fails_is_tried_again_and_a_url_that_is_none_is_a_syntax_error(fixture: Fixture) {
        let attempts = Arc::new(Mutex::new(0));
        let host = Host::new().on_fetch(move |request: FetchRequest| {
            *attempts.lock() += 1;
            let answer = if *attempts.lock() == 1 {
                let mut response = fetched(request.url, 200, "retry: 1\n\n");
                response.headers.insert("content-type", HeaderValue::from_static("text/event-stream"));
                Ok(response)
            } else if *attempts.lock() < 4 {
                Err(OpError::new("connection refused"))
            } else {
                Ok(fetched(request.url, 204, ""))
            };
            std::future::ready(answer)
        });
        let script = handler(&format!("try {{ new EventSource('/relative') }} catch (error) {{ console.log(error.name) }}
            {RECORD}"));
        let seen = text(&fixture.runtime_for(&host), script).await;
        assert_eq!(seen, r#"[["open",1],["error",0],["error",0],["error",0],["error",2]]"#);
    }
}

in_every_mode! {
    async fn closing_a_source_drops_its_connection_and_no_event_follows(fixture: Fixture) {
        let bodies = Watched::new();
        let inner = bodies.clone();
        let host = Host::new().on_fetch(move |request: FetchRequest| {
            let alive = inner.enter();
            let chunks = futures_util::stream::once(std::future::ready("data: 1\n\ndata: 2\n\n"));
            let chunks = futures_util::StreamExt::chain(chunks, futures_util::stream::pending());
            let frames = futures_util::StreamExt::map(chunks, move |chunk: &'static str| {
                let _ = &alive;
                Ok::<_, std::convert::Infallible>(http_body::Frame::data(bytes::Bytes::from_static(chunk.as_bytes())))
            });
            let mut response = fetched(request.url, 200, Body::stream(http_body_util::StreamBody::new(frames)));
            response.headers.insert("content-type", HeaderValue::from_static("text/event-stream"));
            std::future::ready(Ok(response))
        });
        let (host, gate) = host.with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("const source = new EventSource('http://events.test/');
            const seen = [];
            source.onerror = () => seen.push('error');
            await new Promise((resolve) => {
                source.onmessage = ({ data }) => { seen.push(data); source.close(); resolve() };
            });
            await env.GATE.pass();
            return new Response([...seen, source.readyState].join(' '))");
        let call = Call::new(script, Event::get("http://localhost/"));
        let running = tokio::spawn(async move { answer(&runtime, call).await });
        gate.has_begun(1).await;
        // The request goes on, and the connection does not.
        bodies.are_alive(0).await;
        gate.allow(1);
        assert_eq!(running.await.expect("no panic").expect("an answer").text(), "1 2");
    }
}

in_every_mode! {
    async fn a_source_does_not_keep_its_request_alive(fixture: Fixture) {
        let (host, _) = streaming(&["data: x\n\n"]);
        let runtime = fixture.runtime_for(&host);
        let script = handler("new EventSource('http://events.test/'); return new Response('done')");
        assert_eq!(text(&runtime, script).await, "done");
        settled(&runtime).await;
    }
}
