//! The client's side of WebSockets, as guests use it: the constructor, fetch with an upgrade, and what becomes of
//! messages, closes and failures. The host's ends are moved by the tests.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use runtime_facade::WebSocketRequest;

use crate::support::*;

/// Sends back what comes, until a close.
pub(crate) async fn echo(socket: WebSocket) {
    while let Some(message) = socket.receive().await {
        if let WebSocketMessage::Close(close) = message {
            socket.close(close);
        } else if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// A host whose every address echoes, and that speaks the last protocol that is asked for.
fn echoing() -> Host {
    Host::new().on_web_socket(|request| {
        let WebSocketRequest { url, headers, socket, .. } = request;
        if url.contains("refused") {
            return Err(OpError::new("connection refused"));
        }
        if url.contains("plain") {
            return Ok(WebSocketAnswer::Refused(crate::support::host::fetched(url, 403, "no sockets here")));
        }
        let mut answer = HeaderMap::new();
        let asked = headers.get("sec-websocket-protocol").and_then(|asked| asked.to_str().ok());
        if url.contains("wrong") {
            answer.insert("sec-websocket-protocol", HeaderValue::from_static("unasked"));
        } else if !url.contains("none")
            && let Some(last) = asked.and_then(|asked| asked.split(", ").last())
        {
            answer.insert("sec-websocket-protocol", HeaderValue::from_str(last).expect("a header's value"));
        }
        let seen: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        answer.insert("x-seen", HeaderValue::from_str(&seen.join(" ")).expect("a header's value"));
        tokio::spawn(echo(socket));
        Ok(WebSocketAnswer::Open(answer))
    })
}

in_every_mode! {
    async fn a_guest_speaks_with_another_server(fixture: Fixture) {
        let script = handler("const socket = new WebSocket('https://other.test/chat?x', ['one', 'two']);
            const seen = [`${socket.url} ${socket.readyState} ${socket.protocol}|`];
            return new Promise((resolve) => {
                socket.onopen = (event) => {
                    seen.push(`${event.type} ${socket.readyState} ${socket.protocol} ${event.isTrusted}`);
                    socket.send('grüße');
                    socket.send(new Uint8Array([1, 2, 3]).subarray(1));
                    socket.send(new Blob(['blob']));
                    seen.push(socket.bufferedAmount);
                };
                socket.onmessage = async ({ data, origin }) => {
                    seen.push(data instanceof Blob ? await data.text() : data, origin);
                    if (seen.length === 9) socket.close(3000, 'enough');
                };
                socket.onerror = () => seen.push('unexpected error');
                socket.onclose = ({ code, reason, wasClean }) => {
                    seen.push(`${code} ${reason} ${wasClean} ${socket.readyState} ${socket.bufferedAmount}`);
                    resolve(Response.json(seen));
                };
            })");
        let seen = text(&fixture.runtime_for(&echoing()), script).await;
        let origin = "wss://other.test";
        let expected = serde_json::json!([
            "wss://other.test/chat?x 0 |", "open 1 two true", 13,
            "grüße", origin, "\u{2}\u{3}", origin, "blob", origin,
            "3000 enough true 3 0",
        ]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&seen).expect("JSON"), expected);
    }
}

in_every_mode! {
    async fn a_connection_that_fails_is_an_error_and_then_a_close_without_a_code(fixture: Fixture) {
        let runtime = fixture.runtime_for(&echoing());
        for (url, message) in [
            ("ws://refused.test/", "connection refused"),
            ("ws://plain.test/", "status 403, expected 101"),
            ("ws://wrong.test/", "a protocol that it was not asked for"),
            ("ws://none.test/", "none of the protocols that it was asked for"),
        ] {
            let script = handler(&format!("const socket = new WebSocket('{url}', 'chat');
                const seen = [];
                return new Promise((resolve) => {{
                    socket.onopen = () => seen.push('open');
                    socket.onerror = ({{ message }}) => seen.push(`${{socket.readyState}} ${{message}}`);
                    socket.onclose = ({{ code, wasClean }}) => {{
                        seen.push(`${{code}} ${{wasClean}}`);
                        resolve(new Response(seen.join('; ')));
                    }};
                }})"));
            let seen = text(&runtime, script).await;
            assert!(seen.starts_with("3 ") && seen.contains(message) && seen.ends_with("; 1006 false"), "{url}: {seen}");
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_user_and_a_password_of_a_url_are_sent_as_a_header(fixture: Fixture) {
        let host = Host::new().on_web_socket(|request| {
            assert_eq!(request.url, "ws://other.test/");
            assert_eq!(request.headers["authorization"], "Basic Zm9vOmJhcg==");
            tokio::spawn(echo(request.socket));
            Ok(WebSocketAnswer::Open(HeaderMap::new()))
        });
        let script = handler("const socket = new WebSocket('ws://foo:bar@other.test/');
            return new Promise((resolve) => { socket.onopen = socket.onerror = ({ type }) =>
                resolve(new Response(`${type} ${socket.url}`)) })");
        assert_eq!(text(&fixture.runtime_for(&host), script).await, "open ws://foo:bar@other.test/");
    }
}

in_every_mode! {
    async fn a_socket_that_is_closed_before_it_is_open_fails_later(fixture: Fixture) {
        let script = handler("const socket = new WebSocket('ws://other.test/');
            const seen = [];
            socket.onopen = () => seen.push('open');
            socket.onerror = () => seen.push('error');
            let sent;
            try { socket.send('x') } catch (error) { sent = error.name }
            socket.close();
            seen.push(sent, socket.readyState);
            return new Promise((resolve) => {
                socket.onclose = ({ code }) => resolve(new Response([...seen, code].join(' ')));
            })");
        let runtime = fixture.runtime_for(&echoing());
        assert_eq!(text(&runtime, script).await, "InvalidStateError 2 error 1006");
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn the_constructor_and_close_check_their_arguments(fixture: Fixture) {
        let script = handler("const names = [];
            const attempt = (f) => { try { f(); names.push('fine') } catch (error) { names.push(error.name) } };
            for (const url of ['ws://a b/', 'ftp://a/', 'mailto:a@b', 'about:blank', '/relative', 'ws://a/#', 'http://a/#x']) {
                attempt(() => new WebSocket(url));
            }
            for (const list of [['a', 'A'], 'a b', '', 'a,b', '\\u00e9', '/x', [''], ['a', 'b/c']]) {
                attempt(() => new WebSocket('ws://a/', list));
            }
            attempt(() => new WebSocket());
            attempt(() => WebSocket('ws://a/'));
            const socket = new WebSocket('ws://other.test/', []);
            for (const code of [0, 999, 1001, 2999, 5000, NaN, null]) attempt(() => socket.close(code));
            attempt(() => socket.close(1000, 'x'.repeat(124)));
            attempt(() => socket.close(1000, '\\u00e9'.repeat(62)));
            attempt(() => socket.send());
            attempt(() => socket.close(undefined, 'x'.repeat(123)));
            attempt(() => socket.close(1000));
            return new Response(names.join(' '))");
        let names = text(&fixture.runtime_for(&echoing()), script).await;
        let syntax = "SyntaxError ".repeat(15);
        let access = "InvalidAccessError ".repeat(7);
        assert_eq!(
            names,
            format!("{syntax}TypeError TypeError {access}SyntaxError SyntaxError TypeError fine fine")
        );
    }
}

in_every_mode! {
    async fn the_interfaces_have_the_shape_of_their_definition(fixture: Fixture) {
        let script = handler("const own = (object, key) => Object.getOwnPropertyDescriptor(object, key);
            const failures = [];
            const check = (what, holds) => { if (!holds) failures.push(what) };
            const constants = { WebSocket: ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'], EventSource: ['CONNECTING', 'OPEN', 'CLOSED'] };
            for (const [name, keys] of Object.entries(constants)) {
                keys.forEach((key, value) => {
                    for (const owner of [globalThis[name], globalThis[name].prototype]) {
                        const { writable, enumerable, configurable, value: found } = own(owner, key);
                        check(`${name} ${key}`, found === value && enumerable && !writable && !configurable);
                    }
                });
            }
            const members = {
                WebSocket: ['url', 'readyState', 'bufferedAmount', 'onopen', 'onerror', 'onclose', 'extensions', 'protocol',
                    'close', 'onmessage', 'binaryType', 'send'],
                EventSource: ['url', 'withCredentials', 'readyState', 'onopen', 'onmessage', 'onerror', 'close'],
                CloseEvent: ['wasClean', 'code', 'reason'],
            };
            for (const [name, keys] of Object.entries(members)) {
                const { prototype } = globalThis[name];
                const global = own(globalThis, name);
                check(`global ${name}`, !global.enumerable && global.writable && global.configurable);
                check(`length of ${name}`, globalThis[name].length === 1);
                check(`tag of ${name}`, prototype[Symbol.toStringTag] === name);
                for (const key of keys) {
                    const descriptor = own(prototype, key);
                    check(`${name}.${key}`, descriptor.enumerable && descriptor.configurable);
                    if (descriptor.get !== undefined) {
                        let thrown;
                        try { descriptor.get.call({}) } catch (error) { thrown = error }
                        check(`brand of ${name}.${key}`, thrown instanceof TypeError);
                    }
                }
            }
            check('parents', Object.getPrototypeOf(WebSocket) === EventTarget
                && Object.getPrototypeOf(EventSource) === EventTarget && Object.getPrototypeOf(CloseEvent) === Event);
            check('lengths', WebSocket.prototype.send.length === 1 && WebSocket.prototype.close.length === 0);
            const event = new CloseEvent('close', { wasClean: 1, code: 65537, reason: '\\ud800' });
            check('event', event.wasClean === true && event.code === 1 && event.reason === '\\ufffd');
            const plain = new CloseEvent('x');
            check('defaults', plain.wasClean === false && plain.code === 0 && plain.reason === '' && !plain.isTrusted);
            const pair = new WebSocketPair();
            check('pair', Object.keys(pair).join() === '0,1' && pair[0] instanceof WebSocket);
            pair[0].binaryType = 'nonsense';
            check('binary type', pair[0].binaryType === 'arraybuffer');
            return new Response(failures.join('; '))");
        assert_eq!(text(&fixture.runtime_for(&echoing()), script).await, "");
    }
}

in_every_mode! {
    async fn bytes_come_as_the_binary_type_says(fixture: Fixture) {
        let script = handler("const socket = new WebSocket('ws://other.test/');
            const seen = [socket.binaryType];
            return new Promise((resolve) => {
                socket.onopen = () => socket.send(new Uint8Array([7, 8]).buffer);
                socket.onmessage = async ({ data }) => {
                    if (data instanceof Blob) {
                        seen.push([...await data.bytes()].join());
                        socket.binaryType = 'arraybuffer';
                        socket.send(new DataView(new Uint8Array([9]).buffer));
                    } else {
                        seen.push(data instanceof ArrayBuffer, [...new Uint8Array(data)].join());
                        resolve(new Response(seen.join(' ')));
                    }
                };
            })");
        assert_eq!(text(&fixture.runtime_for(&echoing()), script).await, "blob 7,8 true 9");
    }
}

in_every_mode! {
    async fn two_ends_of_a_pair_speak_with_each_other(fixture: Fixture) {
        let script = handler("const [left, right] = Object.values(new WebSocketPair());
            let early;
            try { left.send('x') } catch (error) { early = error.name }
            left.accept();
            right.accept();
            const seen = [early];
            right.onmessage = ({ data }) => { seen.push(`right ${data}`); right.send(data.toUpperCase()) };
            left.onmessage = ({ data }) => { seen.push(`left ${data}`); left.close(undefined, 'why') };
            right.onclose = ({ code, reason, wasClean }) => seen.push(`right ${code} ${reason} ${wasClean}`);
            left.send('hi');
            return new Promise((resolve) => {
                left.onclose = ({ code, reason, wasClean }) =>
                    resolve(new Response([...seen, `left ${code} ${reason} ${wasClean}`].join('; ')));
            })");
        assert_eq!(
            text(&fixture.runtime_for(&echoing()), script).await,
            "TypeError; right hi; left HI; right 1000 why true; left 1000 why true"
        );
    }
}

in_every_mode! {
    async fn fetch_with_an_upgrade_gives_a_socket(fixture: Fixture) {
        let script = handler("const response = await fetch('http://other.test/', { headers: {
                Upgrade: 'websocket', 'Sec-WebSocket-Key': 'forged', 'Sec-WebSocket-Protocol': 'chat', 'X-Own': '1' } });
            const socket = response.webSocket;
            const refused = await fetch('http://plain.test/', { headers: { upgrade: 'WebSocket' } });
            socket.accept();
            socket.send('over');
            const data = await new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(data) });
            return new Response([response.status, socket.protocol, response.headers.get('x-seen'), data,
                refused.status, refused.webSocket, await refused.text()].join('; '))");
        assert_eq!(
            text(&fixture.runtime_for(&echoing()), script).await,
            "101; chat; sec-websocket-protocol x-own; over; 403; ; no sockets here"
        );
    }
}

in_every_mode! {
    async fn a_socket_of_another_server_can_be_passed_on_to_the_client(fixture: Fixture) {
        let runtime = fixture.runtime_for(&echoing());
        let script = handler("return fetch('http://other.test/', { headers: { upgrade: 'websocket' } })");
        let call = Call::new(script, Event::get("http://localhost/"));
        let mut execution = within("the response", runtime.execute(call)).await.expect("an answer");
        let socket = execution.response.web_socket.take().expect("a socket");
        let message = WebSocketMessage::Text("through".to_owned());
        socket.send(message.clone()).await.expect("it is open");
        assert_eq!(within("the echo", socket.receive()).await, Some(message));
        drop(socket);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn the_sockets_of_a_request_that_has_ended_are_closed(fixture: Fixture) {
        let sockets = Watched::new();
        let inner = sockets.clone();
        let host = Host::new().on_web_socket(move |request| {
            let alive = inner.enter();
            tokio::spawn(async move {
                let _alive = alive;
                while request.socket.receive().await.is_some() {}
            });
            Ok(WebSocketAnswer::Open(HeaderMap::new()))
        });
        let script = handler("const socket = new WebSocket('ws://other.test/');
            await new Promise((resolve) => { socket.onopen = resolve });
            return new Response('done')");
        let runtime = fixture.runtime_for(&host);
        assert_eq!(text(&runtime, script).await, "done");
        sockets.has_begun(1).await;
        sockets.are_alive(0).await;
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn sockets_count_as_subrequests_and_one_too_many_fails_like_any_other(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.subrequests = 1;
            setup.ops = Some(Arc::new(echoing()));
        });
        let script = handler("const told = (socket) => new Promise((resolve) => {
                socket.onopen = () => resolve('open');
                socket.onerror = ({ message }) => resolve(message);
            });
            const first = await told(new WebSocket('ws://other.test/'));
            return new Response(`${first}; ${await told(new WebSocket('ws://other.test/'))}`)");
        let seen = text(&runtime, script).await;
        assert!(seen.starts_with("open; too many subrequests"), "{seen}");
    }
}

in_every_mode! {
    async fn a_host_that_breaks_the_connection_off_says_why_and_one_that_vanishes_does_not(fixture: Fixture) {
        let host = Host::new().on_web_socket(|request| {
            if request.url.contains("fails") {
                request.socket.fail("a frame that is none");
            }
            Ok(WebSocketAnswer::Open(HeaderMap::new()))
        });
        let runtime = fixture.runtime_for(&host);
        for (url, expected) in [
            ("ws://fails.test/", "open; error a frame that is none; close 1006 false"),
            ("ws://vanishes.test/", "open; close 1006 false"),
        ] {
            let script = handler(&format!("const socket = new WebSocket('{url}');
                const seen = [];
                socket.onopen = () => seen.push('open');
                socket.onerror = ({{ message }}) => seen.push(`error ${{message}}`);
                return new Promise((resolve) => {{
                    socket.onclose = ({{ code, wasClean }}) =>
                        resolve(new Response([...seen, `close ${{code}} ${{wasClean}}`].join('; ')));
                }})"));
            assert_eq!(text(&runtime, script).await, expected);
        }
    }
}

in_every_mode! {
    async fn no_getter_of_the_guests_sees_what_the_platform_is_told_of_a_socket(fixture: Fixture) {
        let script = handler("const met = [];
            const promise = (start) => new Promise(start);
            Object.defineProperty(Object.prototype, 'then', {
                configurable: true,
                get() { met.push(Object.prototype.toString.call(this)); },
            });
            try {
                const socket = new WebSocket('wss://other.test/');
                await promise((resolve) => { socket.onopen = () => resolve(); });
                for (const message of ['text', new Uint8Array(2)]) {
                    socket.send(message);
                    await promise((resolve) => { socket.onmessage = () => resolve(); });
                }
                socket.close(3000, 'enough');
                await promise((resolve) => { socket.onclose = ({ code }) => resolve(code); });
            } finally {
                delete Object.prototype.then;
            }
            return new Response(met.join());");
        let runtime = fixture.runtime_for(&echoing());
        let collected = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await;
        assert_eq!(collected.expect("an answer").text(), "");
    }
}
