//! Responses of every shape.

use crate::support::*;

async fn responded(fixture: Fixture, body: &str) -> Collected {
    let call = Call::new(handler(body), Event::get("http://localhost/"));
    answer(&fixture.runtime(), call).await.unwrap_or_else(|failure| panic!("{body}: {failure}"))
}

fn header<'a>(collected: &'a Collected, name: &str) -> Option<&'a str> {
    collected.headers.get(name).map(|value| value.to_str().expect("it is text"))
}

in_every_mode! {
    async fn a_response_can_be_empty_text_json_bytes_or_a_form(fixture: Fixture) {
        let runtime = fixture.runtime();
        let cases: [(&str, u16, Option<&str>, &[u8]); 9] = [
            ("new Response()", 200, None, b""),
            ("new Response(null, { status: 201 })", 201, None, b""),
            ("new Response('')", 200, Some("text/plain;charset=UTF-8"), b""),
            ("new Response('t\u{e9}xt')", 200, Some("text/plain;charset=UTF-8"), "t\u{e9}xt".as_bytes()),
            ("Response.json({ a: [1, null] }, { status: 202 })", 202, Some("application/json"), b"{\"a\":[1,null]}"),
            ("new Response(new Uint8Array([0, 255, 10]))", 200, None, &[0, 255, 10]),
            ("new Response(new Uint16Array([1, 2]).buffer)", 200, None, &[1, 0, 2, 0]),
            (
                "new Response(new URLSearchParams({ a: 'b c' }))",
                200,
                Some("application/x-www-form-urlencoded;charset=UTF-8"),
                b"a=b+c",
            ),
            ("new Response(new Blob(['<p>'], { type: 'text/html' }))", 200, Some("text/html"), b"<p>"),
        ];
        for (expression, status, kind, body) in cases {
            let script = handler(&format!("return {expression}"));
            let collected = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await;
            let collected = collected.unwrap_or_else(|failure| panic!("{expression}: {failure}"));
            assert_eq!(collected.status, status, "{expression}");
            assert_eq!(header(&collected, "content-type"), kind, "{expression}");
            assert_eq!(&*collected.body, body, "{expression}");
        }
    }
}

in_every_mode! {
    async fn two_cookies_stay_two_headers(fixture: Fixture) {
        let collected = responded(fixture, "const response = new Response('c');
            response.headers.append('set-cookie', 'a=1; Path=/');
            response.headers.append('Set-Cookie', 'b=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT');
            return response").await;
        let cookies: Vec<_> = collected.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1; Path=/", "b=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT"]);
    }
}

in_every_mode! {
    async fn values_that_were_appended_are_all_there(fixture: Fixture) {
        let collected = responded(fixture, "const headers = new Headers([['x-a', '1'], ['vary', 'a']]);
            headers.append('vary', 'b'); return new Response('', { headers: new Headers(headers) })").await;
        let vary: Vec<_> = collected.headers.get_all("vary").iter().collect();
        assert_eq!(vary, ["a", "b"]);
        assert_eq!(header(&collected, "x-a"), Some("1"));
    }
}

in_every_mode! {
    async fn statuses_without_a_body_have_none(fixture: Fixture) {
        for status in [204, 205, 304] {
            let collected = responded(fixture, &format!("return new Response(null, {{ status: {status} }})")).await;
            assert_eq!((collected.status, &*collected.body), (status, &b""[..]));
        }
    }
}

in_every_mode! {
    async fn a_status_text_is_kept(fixture: Fixture) {
        let collected = responded(fixture, "return new Response('', { status: 299, statusText: 'So So' })").await;
        assert_eq!((collected.status, &*collected.status_text), (299, "So So"));
    }
}

in_every_mode! {
    async fn a_redirect_has_its_status_and_location(fixture: Fixture) {
        let collected = responded(fixture, "return Response.redirect('http://localhost/elsewhere', 308)").await;
        assert_eq!((collected.status, header(&collected, "location")), (308, Some("http://localhost/elsewhere")));
        assert!(collected.body.is_empty());
    }
}

in_every_mode! {
    async fn a_stream_is_a_response_too(fixture: Fixture) {
        let collected = responded(fixture, "const parts = ['one ', 'two ', 'three'];
            return new Response(new ReadableStream({
              pull(controller) {
                const part = parts.shift();
                if (part === undefined) controller.close();
                else controller.enqueue(new TextEncoder().encode(part));
              }
            }))").await;
        assert_eq!(collected.text(), "one two three");
    }
}

in_every_mode! {
    async fn a_stream_without_a_chunk_is_an_empty_body(fixture: Fixture) {
        let collected = responded(fixture, "return new Response(new ReadableStream({
              start(controller) { controller.close() } }))").await;
        assert_eq!((collected.status, collected.body.len()), (200, 0));
    }
}

in_every_mode! {
    async fn what_is_no_response_is_an_exception(fixture: Fixture) {
        let runtime = fixture.runtime();
        for value in ["undefined", "null", "'text'", "{ status: 200 }", "Response", "Response.error()",
                      "Object.create(Response.prototype)"] {
            let call = Call::new(handler(&format!("return {value}")), Event::get("http://localhost/"));
            let failure = answer(&runtime, call).await.expect_err(value);
            assert_eq!(failure.outcome, Outcome::Exception, "{value}");
            assert_eq!(failure.outcome.http_status(), 500);
        }
    }
}

in_every_mode! {
    async fn a_response_whose_body_was_used_is_an_exception(fixture: Fixture) {
        let script = handler("const response = new Response('used'); await response.text(); return response");
        let failure = answer(&fixture.runtime(), Call::new(script, Event::get("http://localhost/"))).await;
        assert_eq!(failure.unwrap_err().outcome, Outcome::Exception);
    }
}

in_every_mode! {
    async fn a_header_that_http_cannot_carry_is_an_exception_that_names_it(fixture: Fixture) {
        let runtime = fixture.runtime();
        let bodies = ["null", "'text'", "new ReadableStream({ pull(controller) { controller.close() } })"];
        for body in bodies {
            let script = handler(&format!("return new Response({body}, {{ headers: {{ 'x-odd': 'a\\x01b' }} }})"));
            let failure = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await;
            let failure = failure.expect_err(body);
            assert_eq!((failure.outcome, failure.outcome.http_status()), (Outcome::Exception, 500), "{body}");
            assert!(failure.message.contains("'x-odd'"), "{body}: {}", failure.message);
        }
        let script = handler("const { 0: client, 1: server } = new WebSocketPair(); server.accept();
            return new Response(null, { status: 101, webSocket: client, headers: { 'x-odd': '\\x01' } })");
        let failure = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await;
        let failure = failure.expect_err("a socket");
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("'x-odd'"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn a_response_of_another_worker_of_the_host_passes_through(fixture: Fixture) {
        let host = Host::new().on_fetch(|request| async move {
            let mut answer = crate::support::host::fetched(request.url, 418, "short and stout");
            answer.headers.insert("x-teapot", http::HeaderValue::from_static("yes"));
            answer.headers.append("set-cookie", http::HeaderValue::from_static("a=1"));
            answer.headers.append("set-cookie", http::HeaderValue::from_static("b=2"));
            Ok(answer)
        });
        let call = Call::new(handler("return fetch('http://upstream/')"), Event::get("http://localhost/"));
        let collected = answer(&fixture.runtime_for(&host), call).await.expect("an answer");
        assert_eq!((collected.status, &*collected.text()), (418, "short and stout"));
        assert_eq!(header(&collected, "x-teapot"), Some("yes"));
        assert_eq!(collected.headers.get_all("set-cookie").iter().count(), 2);
    }
}

in_every_mode! {
    async fn the_figures_of_a_request_come_with_its_answer(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        gate.allow(2);
        let script = handler("const until = Date.now() + 5; while (Date.now() < until);
            await env.GATE.pass(); await env.GATE.pass(); return new Response('ok')");
        let call = Call::new(script, Event::get("http://localhost/"));
        let report = answer(&runtime, call).await.expect("an answer").report;
        assert_eq!(report.mode, fixture.variant.mode().as_str());
        assert_eq!(report.subrequests, 2);
        assert!(report.turns >= 2, "{report:?}");
        assert!(report.cpu >= Duration::from_millis(1) && report.wall >= report.cpu, "{report:?}");
        assert!(report.peak_heap_bytes > 100_000, "{report:?}");
    }
}
