//! Streams through the server: both ways at once, broken off, given up by their client, and over HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::support::{Files, MODES, PATIENCE, Server, until};
use super::upstream::Upstream;

const UPPER: &str = "export default { fetch(request) {
    const upper = new TransformStream({ transform(chunk, controller) {
        controller.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase()));
    } });
    return new Response(request.body.pipeThrough(upper));
} }";

#[test]
fn a_body_streams_both_ways_at_once() {
    let files = Files::worker(UPPER);
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let mut connection = server.connect();
        connection.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for word in ["first", "second", "third"] {
            // The next chunk is sent only after the answer to this one has come.
            connection.send(&format!("{:x}\r\n{word}\r\n", word.len()));
            connection.wait_for(&word.to_uppercase());
        }
        connection.send("0\r\n\r\n");
        let answer = connection.answer();
        assert_eq!(
            (answer.status, &*answer.body, answer.is_whole),
            (200, "FIRSTSECONDTHIRD", true),
            "{mode}"
        );
    }
}

#[test]
fn a_large_body_comes_back_whole() {
    let files = Files::worker("export default { fetch(request) { return new Response(request.body) } }");
    let body = "0123456789abcdef".repeat(256 * 1024);
    for mode in MODES {
        let server = Server::of(&files, mode, &["--cpu-ms", "0"]);
        let (mut sending, length) = (server.connect(), body.len());
        sending.send(&format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
        let mut receiving = sending.twin();
        let text = body.clone();
        let sender = std::thread::spawn(move || sending.send(&text));
        let answer = receiving.answer();
        sender.join().expect("everything was sent");
        assert!(answer.is_whole && answer.body == body, "{mode}: {} bytes", answer.body.len());
    }
}

#[test]
fn a_stream_that_fails_is_broken_off_and_never_ends_well() {
    let files = Files::worker(
        "export default { fetch() { let pulls = 0; return new Response(new ReadableStream({ async pull(controller) {
            if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode('the beginning'));
            await new Promise((resolve) => setTimeout(resolve, 5));
            throw new Error('half way');
        } })) } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let answer = server.get("/");
        assert_eq!((answer.status, answer.is_whole), (200, false), "{mode}");
        server.wait_for_log("half way");
        on_http2(server.address, async |mut client| {
            let request = Request::get("http://a/").body(Empty::<Bytes>::new()).expect("a request");
            let response = client.send_request(request).await.expect("an answer");
            assert!(response.into_body().collect().await.is_err(), "{mode}: over HTTP/2");
        });
    }
}

#[test]
fn what_came_before_a_failure_of_the_same_turn_is_not_lost() {
    let files = Files::worker(
        "export default { fetch() { let pulls = 0; return new Response(new ReadableStream({ pull(controller) {
            if (pulls++ > 0) throw new Error('half way');
            controller.enqueue(new TextEncoder().encode('the beginning'));
        } })) } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        for _ in 0..10 {
            let answer = server.get("/");
            assert_eq!(
                (answer.status, &*answer.body, answer.is_whole),
                (200, "the beginning", false),
                "{mode}: the connection is broken off after it"
            );
        }
    }
}

#[test]
fn a_client_that_leaves_cancels_what_its_request_waits_for() {
    let upstream = Arc::new(Upstream::start());
    let files = Files::worker("export default { fetch(request, env) { return fetch(env.UPSTREAM) } }");
    let mut count = 0;
    for mode in MODES {
        for path in ["/hang", "/endless"] {
            let variable = format!("UPSTREAM={}", upstream.url(path));
            let server = Server::of(&files, mode, &["--env", &variable, "--cpu-ms", "0", "--wall-ms", "0"]);
            count += 1;
            let mut connection = server.connect();
            connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            upstream.wait_for_arrivals(count);
            if path == "/endless" {
                connection.wait_for("and so on");
            }
            drop(connection);
            upstream.wait_for_leavers(count);

            count += 1;
            on_http2(server.address, async |mut client| {
                let request = Request::get("http://a/").body(Empty::<Bytes>::new()).expect("a request");
                let mut answer = Box::pin(client.send_request(request));
                if path == "/endless" {
                    let mut body = answer.await.expect("an answer").into_body();
                    body.frame().await.expect("a beginning").expect("no error");
                } else {
                    // The request goes out while this looks for an answer that never comes.
                    let arrival = tokio::task::spawn_blocking({
                        let upstream = upstream.clone();
                        move || upstream.wait_for_arrivals(count)
                    });
                    tokio::select! {
                        _ = &mut answer => panic!("expected no answer"),
                        arrived = arrival => arrived.expect("it arrives"),
                    }
                    drop(answer);
                }
                // The connection lives on: only the stream is given up.
                let upstream = upstream.clone();
                let left = tokio::task::spawn_blocking(move || upstream.wait_for_leavers(count));
                left.await.expect("it is noticed");
            });
        }
    }
}

/// Far more than sockets and pipes hold.
const SIZE: usize = 64 * 1024 * 1024;
const DONE: &str = "all of it is out";

#[test]
fn a_client_that_does_not_read_holds_the_stream_up() {
    let files = Files::worker(
        "export default { fetch() { let sent = 0; return new Response(new ReadableStream({ pull(controller) {
            if (sent === 1024) return controller.close();
            sent += 1;
            if (sent === 1024) console.log('all of it is out');
            controller.enqueue(new Uint8Array(64 * 1024));
        } })) } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &["--cpu-ms", "0"]);
        let mut connection = server.connect();
        connection.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        connection.wait_for("\r\n\r\n");
        // While this client waits, another one gets the whole of it: there was time enough to send it all here, too.
        let mut other = server.connect();
        other.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(other.rest_length() > SIZE, "{mode}");
        server.wait_for_log(DONE);
        assert_eq!(server.log().matches(DONE).count(), 1, "{mode}: what nobody reads is not out");
        assert!(connection.rest_length() > SIZE, "{mode}");
        until("the end of both", || (server.log().matches(DONE).count() == 2).then_some(()));
    }
}

#[test]
fn http2_serves_many_requests_at_once_on_one_connection() {
    let files = Files::worker(
        "export default { async fetch(request) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            return new Response(`${request.method} ${request.url} ${request.headers.get('host')} ${await request.text()}`);
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        on_http2(server.address, async |client| {
            let mut answers = Vec::new();
            for number in 0..20 {
                let body = Full::new(Bytes::from(format!("body {number}")));
                let request = Request::post(format!("http://a.test/{number}")).body(body).expect("a request");
                answers.push((number, tokio::spawn(client.clone().send_request(request))));
            }
            for (number, answer) in answers {
                let response = answer.await.expect("no panic").expect("an answer");
                assert_eq!(
                    (response.version(), response.status().as_u16()),
                    (Version::HTTP_2, 200),
                    "{mode}"
                );
                let body = response.into_body().collect().await.expect("a whole body").to_bytes();
                assert_eq!(body, format!("POST http://a.test/{number} a.test body {number}"), "{mode}");
            }
        });
    }
}

/// Speaks HTTP/2 with a server that is known to.
fn on_http2<B>(address: SocketAddr, talk: impl AsyncFnOnce(hyper::client::conn::http2::SendRequest<B>))
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let talking = async {
        let stream = tokio::net::TcpStream::connect(address).await.expect("the server accepts");
        let (client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("a greeting");
        tokio::spawn(connection);
        talk(client).await;
    };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, talking).await.expect("it ends in time") });
}
