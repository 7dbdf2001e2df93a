//! How `isolane serve` ends: what is under way is finished, up to a deadline.

use std::net::TcpStream;
use std::time::Instant;

use super::support::{Files, MODES, PATIENCE, Server, until};
use super::upstream::Upstream;

const SLOW: &str = "export default { async fetch(request, env, ctx) {
    console.log('it has begun');
    ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 600)).then(() => console.log('work after it')));
    await new Promise((resolve) => setTimeout(resolve, 300));
    return new Response('in the end');
} }";

#[test]
fn requests_under_way_are_finished_and_new_connections_refused() {
    let files = Files::worker(SLOW);
    for (mode, signal) in MODES.into_iter().zip(["-INT", "-TERM", "-INT", "-TERM"]) {
        let mut server = Server::of(&files, mode, &[]);
        let mut idle = server.connect();
        idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(idle.answer().body, "in the end", "{mode}");
        let mut busy = server.connect();
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        until("two requests", || (server.log().matches("it has begun").count() == 2).then_some(()));
        server.signal(signal);
        until("a refused connection", || TcpStream::connect(server.address).is_err().then_some(()));
        let answer = busy.answer();
        assert_eq!((answer.status, &*answer.body, answer.is_whole), (200, "in the end", true), "{mode}");
        assert_eq!(idle.rest(), "", "{mode}: an idle connection is closed");
        assert_eq!(server.status(), Some(0), "{mode}");
        assert_eq!(server.log().matches("work after it").count(), 2, "{mode}: {}", server.log());
    }
}

#[test]
fn what_does_not_end_in_time_is_cut_and_the_status_is_still_0() {
    let upstream = Upstream::start();
    let files = Files::worker("export default { fetch(request, env) { return fetch(env.UPSTREAM) } }");
    let variable = format!("UPSTREAM={}", upstream.url("/hang"));
    for (round, mode) in MODES.into_iter().enumerate() {
        let mut server = Server::of(&files, mode, &["--drain-ms", "200", "--env", &variable]);
        let mut connection = server.connect();
        connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        upstream.wait_for_arrivals(round + 1);
        let asked = Instant::now();
        server.signal("-INT");
        assert_eq!(server.status(), Some(0), "{mode}");
        assert!(asked.elapsed() < PATIENCE / 2, "{mode}: {:?}", asked.elapsed());
        assert_eq!(connection.rest(), "", "{mode}");
        assert!(server.log().contains("not everything ended in time"), "{mode}: {}", server.log());
    }
}

#[test]
fn a_server_that_lost_more_threads_than_it_bears_refuses_drains_and_exits_with_1() {
    let files = Files::worker(
        "export default { async fetch(request, env) {
            if (request.url.endsWith('/hostile')) new Array(2 ** 32 - 1).indexOf(1);
            if (request.url.endsWith('/slow')) await fetch(env.UPSTREAM);
            return new Response('fine');
        } }",
    );
    let upstream = Upstream::start();
    let variable = format!("UPSTREAM={}", upstream.url("/hang"));
    for (round, mode) in MODES.into_iter().enumerate() {
        let arguments = ["--lost-threads", "0", "--drain-ms", "2000", "--env", &variable];
        let mut server = Server::of(&files, mode, &arguments);
        assert_eq!(server.get("/").body, "fine", "{mode}");
        let mut under_way = server.connect();
        under_way.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        upstream.wait_for_arrivals(round + 1);
        // A request whose head is not complete yet is not refused at the door when the server begins to drain.
        let mut late = server.connect();
        late.send("GET / HTTP/1.1\r\n");
        let hostile = server.get("/hostile");
        assert_eq!((hostile.status, hostile.header("isolane-outcome")), (503, Some("ExceededCpu")), "{mode}");
        late.send("Host: a\r\n\r\n");
        let refused = late.answer();
        assert_eq!((refused.status, refused.header("isolane-outcome")), (503, Some("LoadShed")), "{mode}");
        assert!(refused.header("retry-after").is_some(), "{mode}: {}", refused.head);
        server.wait_for_log("too many threads were lost");
        until("a refused connection", || TcpStream::connect(server.address).is_err().then_some(()));
        assert_eq!(server.status(), Some(1), "{mode}");
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let upstream = Upstream::start();
    let files = Files::worker("export default { fetch(request, env) { return fetch(env.UPSTREAM) } }");
    let variable = format!("UPSTREAM={}", upstream.url("/hang"));
    let mut server = Server::of(&files, "pool", &["--drain-ms", "600000", "--env", &variable]);
    let mut connection = server.connect();
    connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.wait_for_arrivals(1);
    server.signal("-INT");
    server.wait_for_log("draining");
    server.signal("-INT");
    assert_eq!(server.status(), Some(130));
}
