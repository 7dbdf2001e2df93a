//! The server's side of WebSockets: a response with status 101 and a socket, through which the client of a request and its
//! guest speak for as long as they like. The other end of each socket here is the embedder's.

use crate::support::*;

const ECHO: &str = "export default {
    fetch(request, env, ctx) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener('message', ({ data }) => {
            if (data === 'close') server.close(4000, 'as asked');
            else if (data === 'spin') for (;;);
            else server.send(data);
        });
        server.addEventListener('close', ({ code, reason, wasClean }) =>
            console.log(`closed ${code} ${reason} ${wasClean}`));
        return new Response(null, { status: 101, webSocket: client });
    }
}";

fn said(text: &str) -> WebSocketMessage {
    WebSocketMessage::Text(text.to_owned())
}

fn closed(code: u16, reason: &str) -> WebSocketMessage {
    WebSocketMessage::Close(WebSocketClose::new(code, reason))
}

/// Executes the script and takes the client's end.
async fn open(runtime: &Runtime, script: &str) -> (WebSocket, Execution) {
    let call = Call::new(script, Event::get("http://localhost/"));
    let mut execution = within("the response", runtime.execute(call)).await.expect("an answer");
    assert_eq!(execution.response.status, 101);
    (execution.response.web_socket.take().expect("a socket"), execution)
}

async fn ask(socket: &WebSocket, message: WebSocketMessage) -> Option<WebSocketMessage> {
    within("room", socket.send(message)).await.expect("the socket is open");
    within("an answer", socket.receive()).await
}

in_every_mode! {
    async fn a_guest_and_its_client_speak_in_texts_and_bytes_until_the_client_closes(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        let (socket, execution) = open(&runtime, ECHO).await;
        for text in ["one", "", "grüße \u{1f600}"] {
            assert_eq!(ask(&socket, said(text)).await, Some(said(text)));
        }
        let bytes = WebSocketMessage::Binary(bytes::Bytes::from_static(&[0, 255, 1]));
        assert_eq!(ask(&socket, bytes.clone()).await, Some(bytes));
        assert_eq!(ask(&socket, closed(3001, "bye")).await, Some(closed(3001, "bye")));
        assert_eq!(socket.receive().await, None);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), ["closed 3001 bye true"]);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_guest_can_close_and_learns_that_its_client_has_too(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        let (socket, execution) = open(&runtime, ECHO).await;
        assert_eq!(ask(&socket, said("close")).await, Some(closed(4000, "as asked")));
        socket.close(WebSocketClose::new(4000, "as asked"));
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), ["closed 4000 as asked true"]);
    }
}

in_every_mode! {
    async fn a_client_that_disappears_ends_the_event_after_a_close_event(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        let (socket, execution) = open(&runtime, ECHO).await;
        assert_eq!(ask(&socket, said("one")).await, Some(said("one")));
        drop(socket);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), ["closed 1006  false"]);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn an_embedder_that_knows_no_sockets_drops_them_and_the_event_ends(fixture: Fixture) {
        let runtime = fixture.runtime();
        let collected = answer(&runtime, Call::new(ECHO, Event::get("http://localhost/"))).await.expect("an answer");
        assert_eq!(collected.status, 101);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_socket_outlives_the_time_that_a_request_has(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_500);
        let (socket, execution) = open(&runtime, ECHO).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(2_000) {
            assert_eq!(ask(&socket, said("still there")).await, Some(said("still there")));
            tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await.expect_err("it pends");
        }
        socket.close(WebSocketClose::default());
        let end = within("the end", execution.end).await;
        assert_eq!(end.outcome, Outcome::Ok);
        assert!(end.report.wall >= Duration::from_millis(2_000), "{:?}", end.report.wall);
    }
}

in_every_mode! {
    async fn what_is_left_to_do_after_a_socket_has_the_time_of_a_request(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_500);
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            ctx.waitUntil(new Promise(() => setInterval(() => {}, 10)));
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        drop(socket);
        let end = within("the end", execution.end).await;
        assert_eq!(end.outcome, Outcome::ExceededWallTime);
        assert!(end.message.contains("after its client's socket was closed"), "{}", end.message);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn an_idle_socket_is_closed_on_both_sides(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.websocket_idle_ms = 150;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let (socket, execution) = open(&runtime, ECHO).await;
        let close = within("the close", socket.receive()).await;
        assert_eq!(close, Some(closed(1001, "no message came or went for too long")));
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), ["closed 1001 no message came or went for too long true"]);
    }
}

in_every_mode! {
    async fn each_message_has_the_processor_time_of_a_request_and_no_more(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 400);
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onmessage = ({ data }) => {
                for (const end = performance.now() + Number(data); performance.now() < end;);
                server.send('done');
            };
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        for _ in 0..8 {
            assert_eq!(ask(&socket, said("100")).await, Some(said("done")));
        }
        socket.send(said("60000")).await.expect("it is open");
        assert_eq!(within("the end of the socket", socket.receive()).await, None);
        let end = within("the end", execution.end).await;
        assert_eq!(end.outcome, Outcome::ExceededCpu);
        assert!(end.report.cpu >= Duration::from_millis(400), "{:?}", end.report.cpu);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn each_message_has_the_time_of_a_request_for_long_operations_too(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 0;
            setup.limits.work_cpu_ms = 500;
        });
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
            const derive = (iterations) => crypto.subtle.deriveBits(
                { name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(8), iterations }, key, 512);
            server.accept();
            server.onmessage = async ({ data }) => {
                const failed = await derive(Number(data)).then(() => 'done', ({ name }) => name);
                server.send(`${failed} ${await derive(2000).then(() => 'done', ({ name }) => name)}`);
            };
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        for _ in 0..2 {
            assert_eq!(ask(&socket, said("2000")).await, Some(said("done done")));
            assert_eq!(ask(&socket, said("10000000")).await, Some(said("OperationError OperationError")));
        }
        socket.close(WebSocketClose::default());
        let end = within("the end", execution.end).await;
        assert_eq!(end.outcome, Outcome::Ok);
        assert!(end.report.cpu >= Duration::from_millis(1000), "{:?}", end.report.cpu);
    }
}

in_every_mode! {
    async fn a_client_that_sends_without_end_waits_for_its_guest(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        // The end is accepted only when the test says so; until then nobody takes anything.
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            let bytes = 0;
            server.onmessage = ({ data }) => { bytes += data.length };
            server.onclose = () => console.log(bytes);
            ctx.waitUntil(env.GATE.pass().then(() => server.accept()));
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        let mut sent = 0;
        let message = said(&"x".repeat(1024));
        while tokio::time::timeout(Duration::from_millis(50), socket.send(message.clone())).await.is_ok() {
            sent += 1;
            assert!(sent < 1_000, "nothing keeps the client from sending");
        }
        assert!(sent >= 32, "{sent} messages were taken");
        gate.allow(1);
        within("room", socket.send(message)).await.expect("it is open");
        socket.close(WebSocketClose::default());
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), [format!("{}", (sent + 1) * 1024)]);
    }
}

in_every_mode! {
    async fn a_guest_that_sends_more_than_it_may_hold_loses_the_socket(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.websocket_buffer_bytes = 10_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onerror = ({ message }) => console.log(message);
            server.onclose = ({ code }) => console.log(`${code} ${server.bufferedAmount}`);
            for (let i = 0; i < 20; i++) server.send('x'.repeat(1000));
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        let mut received = 0;
        while within("a message", socket.receive()).await.is_some() {
            received += 1;
        }
        assert_eq!(received, 9);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), ["the socket holds more than the 10000 bytes that it may", "1006 20000"]);
    }
}

in_every_mode! {
    async fn a_message_of_the_guests_that_is_too_large_closes_the_socket_with_1009(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.websocket_message_bytes = 100;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onerror = ({ message }) => console.log(message);
            server.onmessage = () => server.send(new Uint8Array(101));
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        assert_eq!(socket.message_limit(), Some(100));
        assert!(socket.send(said(&"x".repeat(101))).await.is_err());
        assert_eq!(ask(&socket, said("go")).await, Some(closed(1009, "")));
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert_eq!(host.log_lines(), ["the message is larger than the 100 bytes that it may have"]);
    }
}

in_every_mode! {
    async fn a_guest_that_throws_in_a_listener_goes_on_and_one_that_spins_loses_the_socket(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 500;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onmessage = ({ data }) => {
                if (data === 'throw') throw new Error('out of tea');
                if (data === 'spin') for (;;);
                server.send(data);
            };
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        socket.send(said("throw")).await.expect("it is open");
        assert_eq!(ask(&socket, said("on")).await, Some(said("on")));
        assert!(host.has_logged("out of tea"));
        assert_eq!(ask(&socket, said("spin")).await, None);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::ExceededCpu);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn no_other_request_gets_into_the_context_of_an_open_socket(fixture: Fixture) {
        let runtime = fixture.runtime();
        let script = "let open = 0;
            export default { fetch(request) {
                if (!request.url.endsWith('/socket')) return new Response(`${open}`);
                const [client, server] = Object.values(new WebSocketPair());
                open += 1;
                server.accept();
                server.onmessage = () => server.send(`${open}`);
                server.onclose = () => { open -= 1; };
                return new Response(null, { status: 101, webSocket: client });
            } }";
        let mut sockets = Vec::new();
        for _ in 0..2 {
            let call = Call::new(script, Event::get("http://localhost/socket"));
            let mut execution = within("the response", runtime.execute(call)).await.expect("an answer");
            let socket = execution.response.web_socket.take().expect("a socket");
            assert_eq!(ask(&socket, said("how many?")).await, Some(said("1")));
            sockets.push((socket, execution));
        }
        assert_eq!(text(&runtime, script).await, "0");
        for (socket, execution) in sockets {
            assert_eq!(ask(&socket, said("how many?")).await, Some(said("1")));
            drop(socket);
            assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        }
        assert_eq!(text(&runtime, script).await, "0");
    }
}

in_every_mode! {
    async fn a_socket_of_an_earlier_request_is_closed_and_moves_nothing_in_a_later_one(fixture: Fixture) {
        let runtime = fixture.cramped();
        let script = "let kept;
            export default { fetch() {
                const [client, server] = Object.values(new WebSocketPair());
                server.accept();
                client.accept();
                server.onmessage = ({ data }) => console.log(`unexpected ${data}`);
                const earlier = kept;
                kept = client;
                if (earlier === undefined) return new Response('first');
                earlier.send('hello');
                earlier.close();
                return new Response(`${earlier.readyState} ${earlier.bufferedAmount} ${client.readyState}`);
            } }";
        assert_eq!(text(&runtime, script).await, "first");
        let second = text(&runtime, script).await;
        assert_eq!(second, if fixture.variant.keeps_contexts() { "3 5 1" } else { "first" });
    }
}

in_every_mode! {
    async fn a_socket_that_nobody_accepts_ends_with_its_client(fixture: Fixture) {
        let runtime = fixture.runtime();
        let script = handler("return new Response(null, { status: 101, webSocket: new WebSocketPair()[0] })");
        let (socket, execution) = open(&runtime, &script).await;
        socket.send(said("anybody?")).await.expect("there is room");
        drop(socket);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn answers_with_sockets_that_cannot_be_given_are_refused(fixture: Fixture) {
        let runtime = fixture.runtime();
        let pair = "const [client, server] = Object.values(new WebSocketPair()); server.accept();";
        for (body, message) in [
            ("client.accept(); return new Response(null, { status: 101, webSocket: client })", "was accepted"),
            ("return new Response(null, { status: 101 })", "RangeError"),
            ("return new Response(null, { status: 200, webSocket: client })", "RangeError"),
            ("return new Response(null, { status: 101, webSocket: {} })", "not of type 'WebSocket'"),
            ("return new Response('x', { status: 101, webSocket: client })", "has no body"),
            ("return new Response(null, { status: 101, webSocket: client }).clone()", "cannot be cloned"),
        ] {
            let call = Call::new(handler(&format!("{pair} {body}")), Event::get("http://localhost/"));
            let failure = answer(&runtime, call).await.expect_err(body);
            assert_eq!(failure.outcome, Outcome::Exception, "{body}");
            assert!(failure.message.contains(message), "{body}: {}", failure.message);
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn canceling_is_what_dropping_everything_does(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onmessage = () => { env.GATE.pass() };
            return new Response(null, { status: 101, webSocket: client })");
        let (socket, execution) = open(&runtime, &script).await;
        socket.send(said("begin")).await.expect("it is open");
        gate.has_begun(1).await;
        drop((socket, execution));
        gate.are_alive(0).await;
        settled(&runtime).await;
    }
}
