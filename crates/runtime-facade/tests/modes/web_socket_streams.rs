//! WebSocketStream: two streams over a socket, each of whose sides waits for the other, and how they end. The host's ends
//! are moved by the tests.

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::sync::watch;

use crate::support::*;
use crate::web_sockets::echo;

/// A host whose every socket is served by this function, with a binding `HOST.ping()` that lets a guest give everything
/// else its turn.
fn serving<F>(serve: impl Fn(WebSocket) -> F + Send + Sync + 'static) -> Host
where
    F: Future<Output = ()> + Send + 'static,
{
    let host = Host::new().on_web_socket(move |request| {
        let mut answer = HeaderMap::new();
        if let Some(asked) = request.headers.get("sec-websocket-protocol") {
            let first = asked.to_str().expect("text").split(", ").next().unwrap_or_default();
            answer.insert("sec-websocket-protocol", HeaderValue::from_str(first).expect("a header's value"));
        }
        tokio::spawn(serve(request.socket));
        Ok(WebSocketAnswer::Open(answer))
    });
    host.with_bindings(|bindings| {
        bindings.method("HOST", "ping", |(): ()| async {
            tokio::task::yield_now().await;
            Ok::<(), OpError>(())
        })
    })
}

/// A handler that has a stream which is open, and gives the list `seen` with ends of promises in it.
fn with_stream(body: &str) -> String {
    handler(&format!(
        "const stream = new WebSocketStream('ws://other.test/');
        const {{ readable, writable }} = await stream.opened;
        const end = (promise) => promise.then((value) => value,
            (error) => `${{error.name}} ${{error.closeCode ?? ''}} ${{error.message}}`);
        const settle = async () => {{ for (let i = 0; i < 50; i++) await env.HOST.ping() }};
        const seen = [];
        {body}
        return Response.json(seen)"
    ))
}

async fn seen(fixture: &Fixture, host: &Host, script: &str) -> serde_json::Value {
    let runtime = fixture.runtime_with(|setup| {
        setup.limits.stream_buffer_bytes = 1_000;
        setup.ops = Some(Arc::new(host.clone()));
    });
    let seen = text(&runtime, script).await;
    settled(&runtime).await;
    serde_json::from_str(&seen).expect("JSON")
}

in_every_mode! {
    async fn messages_are_chunks_of_two_streams_and_a_close_ends_both(fixture: Fixture) {
        let script = handler("const stream = new WebSocketStream('http://other.test/x', { protocols: ['one', 'two'] });
            const { readable, writable, extensions, protocol } = await stream.opened;
            const seen = [stream.url, extensions, protocol];
            const reader = readable.getReader();
            const writer = writable.getWriter();
            for (const chunk of ['gr\u{fc}\u{df}e', new Uint8Array([1, 2, 3]).subarray(1), new Uint8Array([4]).buffer, 5]) {
                await writer.write(chunk);
                const { value } = await reader.read();
                seen.push(typeof value === 'string' ? value : `${value.constructor.name} ${value}`);
            }
            stream.close({ closeCode: 3000, reason: 'enough' });
            seen.push(await stream.closed, (await reader.read()).done, (await writer.closed.catch(({ name }) => name)));
            return Response.json(seen)");
        let expected = serde_json::json!([
            "ws://other.test/x", "", "one", "grüße", "Uint8Array 2,3", "Uint8Array 4", "5",
            { "closeCode": 3000, "reason": "enough" }, true, "InvalidStateError",
        ]);
        assert_eq!(seen(&fixture, &serving(echo), &script).await, expected);
    }
}

in_every_mode! {
    async fn what_nobody_reads_is_not_received(fixture: Fixture) {
        let sent = Arc::new(watch::Sender::new(0));
        let counted = Arc::clone(&sent);
        let host = serving(move |socket| {
            let sent = Arc::clone(&counted);
            async move {
                for _ in 0..500 {
                    if socket.send(WebSocketMessage::Text("x".repeat(36))).await.is_err() {
                        return;
                    }
                    sent.send_modify(|sent| *sent += 1);
                }
                socket.close(WebSocketClose::new(4001, "that was all"));
            }
        });
        let host = host.with_bindings(|bindings| {
            bindings.method("COUNT", "reached", move |(least,): (usize,)| {
                let mut sent = sent.subscribe();
                async move {
                    let reached = sent.wait_for(|sent| *sent >= least).await;
                    Ok::<usize, OpError>(*reached.expect("the sender lives"))
                }
            })
        });
        let script = with_stream("await env.COUNT.reached(11);
            await settle();
            seen.push(await env.COUNT.reached(0));
            let count = 0;
            for await (const chunk of readable) count += 1;
            seen.push(count, await stream.closed);");
        // Ten wait in the socket, and one in the stream.
        let expected = serde_json::json!([11, 500, { "closeCode": 4001, "reason": "that was all" }]);
        assert_eq!(seen(&fixture, &host, &script).await, expected);
    }
}

in_every_mode! {
    async fn a_write_waits_until_the_host_has_written_it(fixture: Fixture) {
        let (host, gate) = serving(|_| std::future::ready(())).with_gate();
        let inner = gate.clone();
        let host = host.on_web_socket(move |request| {
            let gate = inner.clone();
            tokio::spawn(async move {
                let first = request.socket.receive().await;
                assert_eq!(first.map(|message| matches!(message, WebSocketMessage::Binary(_))), Some(true));
                gate.pass().await;
                echo(request.socket).await;
            });
            Ok(WebSocketAnswer::Open(HeaderMap::new()))
        });
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.stream_buffer_bytes = 1_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = with_stream("const writer = writable.getWriter();
            let isWritten = false;
            const written = writer.write(new Uint8Array(5000)).then(() => { isWritten = true });
            await settle();
            seen.push(isWritten, writer.desiredSize);
            console.log('waits');
            await written;
            seen.push(isWritten, writer.desiredSize);
            stream.close();
            seen.push(await stream.closed);");
        let answer = tokio::spawn(async move { text(&runtime, script).await });
        host.logged("waits").await;
        gate.allow(1);
        let seen = within("the answer", answer).await.expect("no panic");
        assert_eq!(seen, r#"[false,0,true,1,{"closeCode":1005,"reason":""}]"#);
    }
}

in_every_mode! {
    async fn a_close_with_something_unwritten_is_not_clean_and_fails_the_write(fixture: Fixture) {
        let host = serving(|socket| async move {
            socket.close(WebSocketClose::new(4567, "no more"));
            socket.over().await;
        });
        let script = with_stream("const write = writable.getWriter().write(new Uint8Array(5000));
            const ends = await Promise.allSettled([stream.closed, write, readable.getReader().read()]);
            seen.push(new Set(ends.map(({ reason }) => reason)).size, await end(stream.closed));");
        let expected = serde_json::json!([
            1, "WebSocketError 4567 the WebSocket was closed before everything was written",
        ]);
        assert_eq!(seen(&fixture, &host, &script).await, expected);
    }
}

in_every_mode! {
    async fn a_write_to_a_connection_that_breaks_fails_though_nobody_has_read_what_came_before(fixture: Fixture) {
        let host = serving(|socket| async move {
            for _ in 0..5 {
                socket.send(WebSocketMessage::Text("unread".to_owned())).await.expect("it is open");
            }
            socket.receive().await;
            socket.fail("a frame that is none");
        });
        let script = with_stream("await settle();
            const writer = writable.getWriter();
            seen.push(await end(writer.write(new Uint8Array(5000))), await end(stream.closed));
            seen.push(await end(readable.getReader().read()), await end(writer.ready));");
        let error = "WebSocketError 1006 a frame that is none";
        assert_eq!(seen(&fixture, &host, &script).await, serde_json::json!([error, error, error, error]));
    }
}

in_every_mode! {
    async fn closing_the_writable_waits_for_the_answer_to_the_close(fixture: Fixture) {
        let host = serving(|socket| async move {
            let Some(WebSocketMessage::Close(close)) = socket.receive().await else { panic!("not a close") };
            assert_eq!(close, WebSocketClose::default());
            // Nobody reads these, and they are not in the way of the close.
            for _ in 0..50 {
                socket.send(WebSocketMessage::Text("x".repeat(100))).await.expect("it is open");
            }
            socket.close(WebSocketClose::new(4002, "late"));
        });
        let script = with_stream("const writer = writable.getWriter();
            seen.push(await end(writer.close()), await stream.closed, await end(writer.closed));
            seen.push((await readable.getReader().read()).done);");
        let expected = serde_json::json!([null, { "closeCode": 4002, "reason": "late" }, null, true]);
        assert_eq!(seen(&fixture, &host, &script).await, expected);
    }
}

in_every_mode! {
    async fn a_stream_is_left_with_the_code_of_a_websocket_error_and_of_nothing_else(fixture: Fixture) {
        let script = with_stream("const reasons = [new WebSocketError('', { closeCode: 3333, reason: 'why' }),
                new WebSocketError('', { reason: 'why' }), new WebSocketError(), { closeCode: 3333 }, undefined];
            for (const reason of reasons) {
                for (const leave of [({ readable }) => readable.cancel(reason), ({ writable }) => writable.abort(reason)]) {
                    const stream = new WebSocketStream('ws://other.test/');
                    leave(await stream.opened);
                    const { closeCode, reason } = await stream.closed;
                    seen.push(`${closeCode} ${reason}`);
                }
            }
            stream.close();");
        let seen = seen(&fixture, &serving(echo), &script).await;
        let seen: Vec<&str> = seen.as_array().expect("a list").iter().filter_map(|seen| seen.as_str()).collect();
        let expected = ["3333 why", "1000 why", "1005 ", "1005 ", "1005 "].map(|seen| [seen; 2]);
        assert_eq!(seen, expected.concat());
    }
}

in_every_mode! {
    async fn a_write_that_waits_does_not_keep_its_stream_from_being_aborted(fixture: Fixture) {
        let host = serving(|socket| async move {
            let first = socket.receive().await;
            assert!(matches!(first, Some(WebSocketMessage::Binary(_))), "{first:?}");
            let close = socket.receive().await;
            socket.close(WebSocketClose::new(4003, if matches!(close, Some(WebSocketMessage::Close(_))) { "aborted" } else { "" }));
        });
        let script = with_stream("const writer = writable.getWriter();
            const ends = [writer.write(new Uint8Array(5000)), writer.write('never')];
            writer.abort(new Error('stop'));
            seen.push((await Promise.allSettled(ends)).map(({ status }) => status).join(), await stream.closed);");
        let expected = serde_json::json!(["fulfilled,rejected", { "closeCode": 4003, "reason": "aborted" }]);
        assert_eq!(seen(&fixture, &host, &script).await, expected);
    }
}

in_every_mode! {
    async fn writes_wait_for_room_among_the_sockets_of_a_request(fixture: Fixture) {
        let (host, gate) = serving(|_| std::future::ready(())).with_gate();
        let inner = gate.clone();
        let host = host.on_web_socket(move |request| {
            let gate = inner.clone();
            tokio::spawn(async move {
                gate.pass().await;
                echo(request.socket).await;
            });
            Ok(WebSocketAnswer::Open(HeaderMap::new()))
        });
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.websocket_buffer_bytes = 10_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("const streams = [1, 2, 3].map(() => new WebSocketStream('ws://other.test/'));
            const ends = await Promise.all(streams.map(({ opened }) => opened));
            let count = 0;
            const bytes = new Uint8Array(6000).fill(7);
            const writes = ends.map(({ writable }) => writable.getWriter().write(bytes).then(() => { count += 1 }));
            bytes.fill(0);
            for (let i = 0; i < 50; i++) await env.HOST.ping();
            console.log(`waits ${count}`);
            await Promise.all(writes);
            const sums = await Promise.all(ends.map(async ({ readable }) =>
                (await readable.getReader().read()).value.reduce((sum, byte) => sum + byte, 0)));
            return Response.json(sums)");
        let answer = tokio::spawn(async move { text(&runtime, script).await });
        host.logged("waits 1").await;
        gate.allow(3);
        assert_eq!(within("the answer", answer).await.expect("no panic"), "[42000,42000,42000]");
    }
}

in_every_mode! {
    async fn a_message_that_is_too_large_fails_the_connection(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.websocket_message_bytes = 1_000;
            setup.ops = Some(Arc::new(serving(|socket| async move {
                let close = socket.receive().await;
                assert_eq!(close, Some(WebSocketMessage::Close(WebSocketClose::new(1009, ""))));
            })));
        });
        let script = with_stream("seen.push(await end(writable.getWriter().write('x'.repeat(1001))), await end(stream.closed));");
        let error = "WebSocketError 1006 the message is larger than the 1000 bytes that it may have";
        let seen: serde_json::Value = serde_json::from_str(&text(&runtime, &*script).await).expect("JSON");
        assert_eq!(seen, serde_json::json!([error, error]));
    }
}

in_every_mode! {
    async fn a_stream_ends_with_its_request_and_is_closed_for_a_later_one(fixture: Fixture) {
        let sockets = Watched::new();
        let inner = sockets.clone();
        let host = serving(move |socket| {
            let alive = inner.enter();
            async move {
                let _alive = alive;
                while socket.receive().await.is_some() {}
            }
        });
        let script = "let kept; export default { async fetch() {
            if (kept === undefined) {
                kept = new WebSocketStream('ws://other.test/');
                kept.ends = await kept.opened;
                return new Response('first');
            }
            kept.close();
            const writer = kept.ends.writable.getWriter();
            return new Response(await writer.write('x').catch(({ name }) => name));
        } }";
        let runtime = fixture.runtime_for(&host);
        assert_eq!(text(&runtime, script).await, "first");
        sockets.has_begun(1).await;
        sockets.are_alive(0).await;
        let second = text(&runtime, script).await;
        assert!(["first", "InvalidStateError"].contains(&&*second), "{second}");
        settled(&runtime).await;
    }
}
