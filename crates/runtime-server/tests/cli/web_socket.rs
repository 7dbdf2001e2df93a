//! WebSockets through the server, with a real client: echoes in every mode, handshakes, limits, the client that goes away
//! and the server that does; and workers as clients of other servers.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Error, Message, WebSocket};

use super::support::{Answer, Files, MODES, PATIENCE, Server};

const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workers/websocket-echo.js")
}

fn serve(script: &Path, mode: &str, arguments: &[&str]) -> Server {
    let mut all = vec![script.to_str().expect("a UTF-8 path"), "--mode", mode];
    all.extend(arguments);
    Server::start(&all)
}

fn connect(
    address: SocketAddr,
    path: &str,
    headers: &[(&'static str, &'static str)],
) -> (WebSocket<TcpStream>, Response) {
    let stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    tungstenite::client(request, stream).expect("a WebSocket")
}

fn ask(socket: &mut WebSocket<TcpStream>, message: impl Into<Message>) -> Message {
    socket.send(message.into()).expect("the server reads");
    socket.read().expect("an answer")
}

/// Reads to the end of the connection and gives the code of the close that came, if one did.
fn close_code(socket: &mut WebSocket<TcpStream>) -> Option<u16> {
    let mut code = None;
    loop {
        match socket.read() {
            Ok(Message::Close(close)) => code = close.map(|close| close.code.into()),
            Ok(_) => {}
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the connection was not closed")
            }
            Err(_) => return code,
        }
    }
}

fn upgrade(server: &Server, headers: &str) -> Answer {
    server.ask(&format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n"))
}

#[test]
fn the_example_echoes_in_every_mode() {
    for mode in MODES {
        let server = serve(&example(), mode, &[]);
        assert_eq!(server.get("/").status, 426, "{mode}");
        let asked = [("sec-websocket-protocol", "other, counted-echo")];
        let (mut socket, response) = connect(server.address, "/", &asked);
        assert_eq!(response.headers()["sec-websocket-protocol"], "counted-echo", "{mode}");
        assert_eq!(ask(&mut socket, "grüße"), Message::text("1: grüße"), "{mode}");
        assert_eq!(ask(&mut socket, vec![0, 255]), Message::binary(vec![0, 255]), "{mode}");
        let large = "x".repeat(1 << 19);
        assert_eq!(ask(&mut socket, large.as_str()), Message::text(format!("3: {large}")), "{mode}");
        // A second client at the same time, with a state of its own.
        let (mut other, _) = connect(server.address, "/", &[]);
        assert_eq!(ask(&mut other, "me too"), Message::text("1: me too"), "{mode}");
        let close = Message::Close(Some(CloseFrame {
            code: CloseCode::Library(4000),
            reason: "after 4 messages".into(),
        }));
        assert_eq!(ask(&mut socket, "close"), close, "{mode}");
        assert_eq!(close_code(&mut socket), None, "{mode}: nothing follows a close");
        server.wait_for_log("closed after 4 messages, code 4000, clean");
        other.close(None).expect("it is open");
        assert_eq!(close_code(&mut other), None, "{mode}");
        server.wait_for_log("closed after 1 messages, code 1005, clean");
    }
}

#[test]
fn a_client_that_vanishes_is_noticed_and_its_request_ends() {
    for mode in MODES {
        let server = serve(&example(), mode, &[]);
        let (mut socket, _) = connect(server.address, "/", &[]);
        assert_eq!(ask(&mut socket, "a"), Message::text("1: a"), "{mode}");
        drop(socket);
        server.wait_for_log("closed after 1 messages, code 1006, broken");
    }
}

#[test]
fn handshakes_are_checked() {
    let files = Files::worker(
        "export default { fetch(request) {
            const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onclose = ({ code }) => console.log(`closed ${code}`);
            const headers = { 'sec-websocket-protocol': 'unasked', connection: 'x-private', 'x-private': '1', 'x-public': '2' };
            if (!request.headers.has('x-unasked')) delete headers['sec-websocket-protocol'];
            return new Response(null, { status: 101, webSocket: client, headers });
        } }",
    );
    let server = Server::of(&files, "pool", &[]);
    let plain = server.get("/");
    assert_eq!((plain.status, plain.header("upgrade")), (426, Some("websocket")), "{plain:?}");
    server.wait_for_log("closed 1006");
    let old = upgrade(&server, &HANDSHAKE.replace("13", "8"));
    assert_eq!((old.status, old.header("sec-websocket-version")), (426, Some("13")), "{old:?}");
    for key in ["", "short", "AAAAAAAAAAAAAAAAAAAAA!=="] {
        let wrong = upgrade(&server, &HANDSHAKE.replace("AAAAAAAAAAAAAAAAAAAAAA==", key));
        assert_eq!(wrong.status, 400, "{key:?}");
    }
    let unasked = upgrade(&server, &format!("{HANDSHAKE}X-Unasked: 1\r\nSec-WebSocket-Protocol: chat\r\n"));
    assert_eq!(unasked.status, 500);
    let right = upgrade(&server, HANDSHAKE);
    assert_eq!(right.status, 101);
    // The example of RFC 6455 has another key; this is the same sum over ours.
    assert_eq!(right.header("sec-websocket-accept").map(str::len), Some(28));
    assert_eq!((right.header("connection"), right.header("x-private")), (Some("upgrade"), None), "{right:?}");
    assert_eq!((right.header("x-public"), right.header("content-length")), (Some("2"), None), "{right:?}");
    let without = Files::worker("export default { fetch() { return new Response(null, { status: 101 }) } }");
    let server = Server::of(&without, "pool", &[]);
    let refused = upgrade(&server, HANDSHAKE);
    assert_eq!((refused.status, refused.header("isolane-outcome")), (500, Some("Exception")));
}

#[test]
fn a_message_that_is_too_large_is_refused_with_1009_and_one_that_is_no_text_with_1007() {
    let files = Files::worker(
        "export default { fetch() {
            const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onerror = ({ message }) => console.log(message);
            return new Response(null, { status: 101, webSocket: client });
        } }",
    );
    let server = Server::of(&files, "pinned", &[]);
    let (mut socket, _) = connect(server.address, "/", &[]);
    // The server may have stopped reading before all of it was written.
    let _ = socket.send(Message::binary(vec![0; (1 << 20) + 1]));
    assert_eq!(close_code(&mut socket), Some(1009));
    server.wait_for_log("a message is larger than it may be");
    let (mut socket, _) = connect(server.address, "/", &[]);
    // A text frame with one byte, 0xff, masked with zeros.
    socket.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).expect("the server reads");
    assert_eq!(close_code(&mut socket), Some(1007));
    server.wait_for_log("not valid UTF-8");
}

#[test]
fn a_client_that_floods_a_guest_that_takes_nothing_has_to_wait() {
    let files = Files::worker(
        "export default { async fetch(request) {
            if (request.url.endsWith('/other')) return new Response('still there');
            const [client, server] = Object.values(new WebSocketPair());
            globalThis.kept = server;
            return new Response(null, { status: 101, webSocket: client });
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let (mut socket, _) = connect(server.address, "/", &[]);
        socket
            .get_mut()
            .set_write_timeout(Some(Duration::from_millis(300)))
            .expect("a socket takes a timeout");
        let message = Message::binary(vec![7; 1 << 16]);
        let mut sent = 0;
        while socket.send(message.clone()).is_ok() {
            sent += 1 << 16;
            assert!(sent < 64 << 20, "{mode}: nothing keeps the client from sending");
        }
        assert_eq!(server.get("/other").body, "still there", "{mode}");
    }
}

#[test]
fn a_server_that_drains_closes_its_sockets_with_1001() {
    for (mode, answers) in MODES.into_iter().zip([true, false, true, true]) {
        let mut server = serve(&example(), mode, &[]);
        let (mut socket, _) = connect(server.address, "/", &[]);
        assert_eq!(ask(&mut socket, "a"), Message::text("1: a"), "{mode}");
        server.signal("-INT");
        if answers {
            assert_eq!(close_code(&mut socket), Some(1001), "{mode}");
        }
        // A client that answers nothing is not waited for as long as the drain lasts.
        assert_eq!(server.status(), Some(0), "{mode}");
        server.wait_for_log("closed after 1 messages, code 1001, clean");
        assert!(!server.log().contains("not everything ended"), "{mode}: {}", server.log());
    }
}

#[test]
fn an_idle_socket_is_closed_and_a_guest_that_never_closes_does_not_keep_its_request() {
    let files = Files::worker(
        "export default { fetch() {
            const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            setInterval(() => {}, 10);
            return new Response(null, { status: 101, webSocket: client });
        } }",
    );
    for mode in MODES {
        let mut server = Server::of(&files, mode, &["--websocket-idle-ms", "200"]);
        let (mut socket, _) = connect(server.address, "/", &[]);
        assert_eq!(close_code(&mut socket), Some(1001), "{mode}");
        server.signal("-INT");
        assert_eq!(server.status(), Some(0), "{mode}");
        assert!(!server.log().contains("not everything ended"), "{mode}: {}", server.log());
    }
}

#[test]
fn a_guest_that_is_stopped_takes_its_socket_with_it() {
    let files = Files::worker(
        "export default { fetch() {
            const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            server.onmessage = () => { for (;;); };
            return new Response(null, { status: 101, webSocket: client });
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let (mut socket, _) = connect(server.address, "/", &[]);
        socket.send(Message::text("go")).expect("the server reads");
        assert_eq!(close_code(&mut socket), Some(1011), "{mode}");
        server.wait_for_log("ExceededCpu");
    }
}

#[test]
fn workers_connect_to_other_servers_by_constructor_and_by_fetch() {
    let upstream = serve(&example(), "pool", &[]);
    let files = Files::worker(
        "export default { async fetch(request, env) {
            if (request.headers.has('upgrade')) return fetch(env.UPSTREAM, request);
            const socket = new WebSocket(env.UPSTREAM, ['counted-echo']);
            return new Promise((resolve) => {
                const seen = [];
                socket.onopen = () => { seen.push(socket.protocol); socket.send('a') };
                socket.onmessage = ({ data }) => { seen.push(data); socket.send('close') };
                socket.onerror = ({ message }) => seen.push(message);
                socket.onclose = ({ code, reason, wasClean }) => {
                    seen.push(code, reason, wasClean);
                    resolve(new Response(seen.join('; ')));
                };
            });
        } }",
    );
    let variable = format!("UPSTREAM=http://{}/", upstream.address);
    for mode in MODES {
        let server = Server::of(&files, mode, &["--env", &variable]);
        assert_eq!(server.get("/").body, "counted-echo; 1: a; 4000; after 2 messages; true", "{mode}");
        let (mut socket, _) = connect(server.address, "/", &[]);
        assert_eq!(ask(&mut socket, "through"), Message::text("1: through"), "{mode}");
        let close = ask(&mut socket, "close");
        assert!(
            matches!(&close, Message::Close(Some(close)) if close.reason == "after 2 messages"),
            "{mode}: {close:?}"
        );
    }
}

#[test]
fn hosts_that_a_worker_may_not_reach_it_may_not_reach_by_socket_either() {
    let files = Files::new(&[
        (
            "worker.js",
            "export default { fetch(request, env) {
                const socket = new WebSocket('ws://127.0.0.1:1/');
                return new Promise((resolve) => { socket.onerror = ({ message }) => resolve(new Response(message)) });
            } }",
        ),
        (
            "isolane.toml",
            "limits = { cpu_ms = 2000 }\n[[worker]]\nid = 'guest'\nscript = 'worker.js'\npath = '/'\nallowed_hosts = ['example.com']\n",
        ),
    ]);
    let server = Server::start(&["--config", files.path("isolane.toml").to_str().expect("a UTF-8 path")]);
    let body = server.get("/").body;
    assert!(body.contains("this worker may not reach 127.0.0.1:1"), "{body}");
}

#[test]
fn what_comes_with_the_handshake_in_one_write_is_not_lost() {
    let server = serve(&example(), "worker", &[]);
    let mut stream = TcpStream::connect(server.address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    let mut bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{HANDSHAKE}\r\n").into_bytes();
    // A text frame, "hi", masked with zeros.
    bytes.extend_from_slice(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    stream.write_all(&bytes).expect("the server reads");
    let mut received = Vec::new();
    while !received.ends_with(b"1: hi") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).expect("an answer");
        assert!(read > 0, "expected the echo, found {:?}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&buffer[..read]);
    }
}
