//! `isolane serve`: routes, answers, failures and configuration.

use super::support::{Files, MODES, Server, bare_isolane, isolane, text, unhurried, until};
use super::upstream::Upstream;

const SHOW_URL: &str = "export default { fetch(request) { return new Response(request.url) } }";

#[test]
fn it_says_in_one_line_where_and_how_it_serves_and_answers_there() {
    let files = Files::worker(SHOW_URL);
    for mode in MODES {
        let server = Server::of(&files, mode, &["--cpu-ms", "0", "--heap-mb", "64"]);
        let line = &server.line;
        assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
        for part in
            [&*format!("mode {mode}"), "snapshot ", ".snapshot (", "heap 64 MB", "cpu off", "wall 30000 ms"]
        {
            assert!(line.contains(part), "{part:?} in {line}");
        }
        let answer = server.get("/a%20b?q=1&r=%2F");
        assert_eq!((answer.status, &*answer.body), (200, "http://localhost/a%20b?q=1&r=%2F"), "{mode}");
        assert_eq!(answer.header("content-length"), Some("32"));
    }
}

#[test]
fn a_connection_serves_many_requests() {
    let files =
        Files::worker("export default { async fetch(r) { return new Response(r.method + await r.text()) } }");
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let mut connection = server.connect();
        for round in 0..10 {
            let body = format!("round {round}");
            let length = body.len();
            connection.send(&format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"));
            assert_eq!(connection.answer().body, format!("POST{body}"), "{mode}");
        }
    }
}

#[test]
fn a_failure_has_its_status_and_outcome_and_keeps_the_stack_to_the_log() {
    let files = Files::worker(
        "export default { fetch(request) {
            switch (new URL(request.url).pathname) {
                case '/throw': throw new Error('a secret');
                case '/loop': for (;;);
                case '/heap': { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); }
                case '/never': return new Promise(() => setTimeout(() => {}, 1e6));
                default: return new Response('fine', { headers: { 'isolane-outcome': 'Forged' } });
            }
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &["--cpu-ms", "1000", "--heap-mb", "32"]);
        let impatient = Server::of(&files, mode, &["--wall-ms", "500"]);
        for (server, path, status, outcome) in [
            (&server, "/throw", 500, "Exception"),
            (&server, "/loop", 503, "ExceededCpu"),
            (&server, "/heap", 503, "ExceededMemory"),
            (&impatient, "/never", 504, "ExceededWallTime"),
        ] {
            let answer = server.get(path);
            assert_eq!(
                (answer.status, answer.header("isolane-outcome")),
                (status, Some(outcome)),
                "{mode}: {path}"
            );
            assert!(answer.body.contains(outcome) && !answer.body.contains("secret"), "{}", answer.body);
            let fine = server.get("/");
            assert_eq!((fine.status, &*fine.body), (200, "fine"), "{mode}: after {path}");
            assert_eq!(fine.header("isolane-outcome"), None);
        }
        server.wait_for_log("a secret");
    }
}

#[test]
fn a_policy_that_a_mode_cannot_follow_is_remarked_on() {
    let files = Files::worker("export default { fetch() { return new Response('fine') } }");
    for mode in MODES {
        let server = Server::of(&files, mode, &["--context", "reuse:10"]);
        assert_eq!(server.get("/").body, "fine", "{mode}");
        let is_remarked_on = server.log().contains("contexts are never used again");
        assert_eq!(is_remarked_on, mode == "worker" || mode == "shared", "{mode}: {}", server.log());
    }
}

#[test]
fn bounds_of_one_owner_and_of_the_queue_hold_in_every_mode() {
    let upstream = Upstream::start();
    let files = Files::new(&[
        ("busy.js", "export default { fetch(request, env) { return fetch(env.UPSTREAM) } }"),
        ("other.js", "export default { fetch() { return new Response('fine') } }"),
    ]);
    let folder = files.path("");
    let variable = format!("UPSTREAM={}", upstream.url("/hang"));
    // In the pool requests of one worker share isolates, so that one of them makes nobody wait.
    for (round, mode) in MODES.into_iter().filter(|mode| *mode != "pool").enumerate() {
        let server = Server::start(&[
            folder.to_str().expect("a UTF-8 path"),
            "--mode",
            mode,
            "--threads",
            "1",
            "--max-isolates",
            "2",
            "--max-per-owner",
            "1",
            "--queue",
            "0",
            "--queue-timeout-ms",
            "60000",
            "--env",
            &variable,
        ]);
        let mut held = server.connect();
        held.send("GET /busy/ HTTP/1.1\r\nHost: a\r\n\r\n");
        upstream.wait_for_arrivals(round + 1);
        let refused = server.get("/busy/");
        assert_eq!((refused.status, refused.header("isolane-outcome")), (503, Some("LoadShed")), "{mode}");
        assert!(refused.header("retry-after").is_some(), "{mode}");
        assert_eq!(server.get("/other/").body, "fine", "{mode}");
    }
}

#[test]
fn an_operation_of_the_hosts_that_fails_is_a_500_with_that_outcome() {
    let files = Files::worker("export default { fetch() { return fetch('http://127.0.0.1:2/') } }");
    for mode in MODES {
        let answer = Server::of(&files, mode, &[]).get("/");
        assert_eq!((answer.status, answer.header("isolane-outcome")), (500, Some("HostError")), "{mode}");
    }
}

#[test]
fn a_worker_without_a_handler_is_501_and_one_that_does_not_compile_500() {
    let files = Files::new(&[("none.js", "export default {}"), ("broken.js", "export default {")]);
    for mode in MODES {
        let folder = files.path("");
        let server = Server::start(&[folder.to_str().expect("UTF-8"), "--mode", mode]);
        for (path, status) in [("/none/", 501), ("/broken/", 500)] {
            let answer = server.get(path);
            assert_eq!(
                (answer.status, answer.header("isolane-outcome")),
                (status, Some("ScriptError")),
                "{mode}"
            );
        }
    }
}

#[test]
fn who_finds_no_place_is_told_to_come_back() {
    let files = Files::worker("export default { fetch(_, env) { return fetch(env.UPSTREAM) } }");
    for mode in MODES {
        let upstream = Upstream::start();
        let variable = format!("UPSTREAM={}", upstream.url("/hang"));
        let bounds = ["--threads", "1", "--max-isolates", "1", "--max-per-owner", "1", "--queue", "0"];
        let server = Server::of(&files, mode, &[&bounds[..], &["--env", &variable]].concat());
        // How many fit is the mode's business; each of them holds its place.
        let mut held = Vec::new();
        let refused = loop {
            assert!(held.len() < 1_000, "{mode}: expected an end of places");
            let mut connection = server.connect();
            connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            let is_answered = until("a request upstream, or an answer", || {
                let is_answered = connection.has_answer();
                (is_answered || upstream.arrivals() > held.len()).then_some(is_answered)
            });
            if is_answered {
                break connection.answer();
            }
            held.push(connection);
        };
        assert!(!held.is_empty(), "{mode}: {refused:?}");
        assert_eq!((refused.status, refused.header("isolane-outcome")), (503, Some("LoadShed")), "{mode}");
        assert_eq!(refused.header("retry-after"), Some("1"), "{mode}");
    }
}

#[test]
fn a_folder_serves_each_worker_under_its_name_and_nothing_else() {
    let files = Files::new(&[
        ("w/one.js", SHOW_URL),
        (
            "w/two/index.js",
            "import { tag } from './tag.js'; export default { fetch() { return new Response(tag) } }",
        ),
        ("w/two/tag.js", "export const tag = 'two'"),
        ("w/three/package.json", "{}"),
        ("w/three/dist/index.js", "export default { fetch() { return new Response('three') } }"),
    ]);
    for mode in MODES {
        let folder = files.path("w");
        let server = Server::start(&[folder.to_str().expect("UTF-8"), "--mode", mode]);
        assert_eq!(server.get("/one/x/y?z=1").body, "http://localhost/x/y?z=1", "{mode}");
        assert_eq!(server.get("/one").body, "http://localhost/", "{mode}");
        assert_eq!(server.get("/two/").body, "two", "{mode}");
        assert_eq!(server.get("/three/").body, "three", "{mode}");
        for path in ["/", "/onerous", "/four/", "/two.js"] {
            let answer = server.get(path);
            assert_eq!((answer.status, answer.header("isolane-outcome")), (404, None), "{mode}: {path}");
            assert!(answer.body.contains("/NAME/"), "{}", answer.body);
        }
    }
}

#[test]
fn a_configuration_gives_routes_variables_limits_and_hosts_per_worker() {
    let upstream = Upstream::start();
    let fetches = "export default { async fetch(_, env) {
        try { return new Response(env.NAME + ' ' + (await fetch(env.URL)).status) }
        catch (error) { return new Response(env.NAME + ' ' + error.message) }
    } }";
    let config = format!(
        "mode = 'pinned'
         addr = '127.0.0.1:0'
         limits = {{ cpu_ms = 2000, startup_cpu_ms = 4000 }}
         env = {{ URL = '{}', NAME = 'nobody' }}
         [[worker]]
         id = 'open'
         script = 'fetches.js'
         host = 'open.test'
         env = {{ NAME = 'open' }}
         [[worker]]
         id = 'shut'
         owner = 'other'
         script = 'fetches.js'
         host = '*.shut.test'
         path = '/api'
         allowed_hosts = ['example.com']
         [[worker]]
         id = 'busy'
         script = 'busy.js'
         limits = {{ cpu_ms = 20 }}",
        upstream.url("/echo")
    );
    let files = Files::new(&[
        ("fetches.js", fetches),
        ("busy.js", "export default { fetch() { for (;;); } }"),
        ("isolane.toml", &config),
    ]);
    let mut command = isolane();
    command.arg("serve").arg("--config").arg(files.path("isolane.toml"));
    let server = Server::spawn(command);
    assert!(server.line.contains("mode pinned"), "{}", server.line);
    let ask = |host: &str, path: &str| {
        server.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    assert_eq!(ask("open.test", "/anything").body, "open 200");
    let refused = ask("a.shut.test:8787", "/api/x").body;
    assert!(refused.starts_with("nobody ") && refused.contains("may not reach 127.0.0.1"), "{refused}");
    assert_eq!(ask("a.shut.test", "/other").status, 404);
    assert_eq!(ask("any.test", "/busy/").header("isolane-outcome"), Some("ExceededCpu"));
    drop(server);

    // What the command line gives wins.
    let mut command = isolane();
    command.arg("serve").arg("--config").arg(files.path("isolane.toml")).args([
        "--mode",
        "worker",
        "--env",
        "NAME=flag",
    ]);
    let server = Server::spawn(command);
    assert!(server.line.contains("mode worker"), "{}", server.line);
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: open.test\r\n\r\n").body, "flag 200");
}

#[test]
fn the_example_configuration_is_served_as_its_comments_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/isolane.toml");
    // The limit of the file is for the worker's work alone; this machine may be shared.
    let server = Server::start(&["--config", path, "--cpu-ms", "2000"]);
    let ask = |host: &str, path: &str| {
        server.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}:8787\r\nConnection: close\r\n\r\n")).body
    };
    assert_eq!(ask("127.0.0.1", "/hello/?name=Ada"), "Hello, Ada!\n");
    assert!(ask("127.0.0.1", "/api/planets/3").contains("Earth"));
    assert!(ask("env.localhost", "/any/path").contains("Salut"));
}

#[test]
fn bad_usage_is_status_2_and_a_taken_address_status_1() {
    let files = Files::new(&[
        ("worker.js", SHOW_URL),
        ("key.toml", "prot = 80"),
        ("mode.toml", "mode = 'turbo'"),
        ("ca.toml", "ca_file = 'missing.pem'"),
        ("empty/README.md", ""),
    ]);
    let path = |name: &str| files.path(name).to_str().expect("UTF-8").to_owned();
    let cases = [
        (vec!["serve".to_owned()], "SCRIPT | DIR"),
        (vec!["serve".into(), path("missing.js")], "missing.js"),
        (vec!["serve".into(), path("empty")], "NAME.js"),
        (vec!["serve".into(), "--config".into(), path("key.toml")], "`prot`"),
        (vec!["serve".into(), "--config".into(), path("mode.toml")], "worker, pool, pinned, shared"),
        (vec!["serve".into(), "--config".into(), path("ca.toml")], "missing.pem"),
        (
            vec!["serve".into(), path("worker.js"), "--threads".into(), "0".into()],
            "from 1 to 1024, found \"0\"",
        ),
        (
            vec!["serve".into(), path("worker.js"), "--threads".into(), "100000".into()],
            "from 1 to 1024, found \"100000\"",
        ),
        (vec!["serve".into(), path("worker.js"), "--queue".into(), "-1".into()], "0 or more, found \"-1\""),
    ];
    for (arguments, part) in cases {
        let ran = isolane().args(&arguments).output().expect("it starts");
        let errors = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(part), "{arguments:?}: {errors}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let ran = isolane().args(["serve", &path("worker.js"), "--addr", &address]).output().expect("it starts");
    assert_eq!(ran.status.code(), Some(1));
    assert!(
        text(&ran.stderr).contains(&address) && text(&ran.stderr).contains("--addr"),
        "{}",
        text(&ran.stderr)
    );
}

#[test]
fn answers_without_a_body_have_none_and_keep_their_length() {
    let files = Files::worker(
        "export default { fetch(request, env, ctx) {
            switch (new URL(request.url).pathname) {
                case '/204': return new Response(null, { status: 204 });
                case '/304': return new Response(null, { status: 304, headers: { etag: '\"x\"' } });
                case '/stream': {
                    ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 1)).then(() => console.log('seen to')));
                    return new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array(9)); c.close() } }));
                }
                default: return new Response('twelve bytes');
            }
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let bare = |method: &str, path: &str| {
            let mut connection = server.connect();
            connection.send(&format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            connection.rest()
        };
        let head = bare("HEAD", "/");
        assert!(head.starts_with("HTTP/1.1 200 OK") && head.ends_with("\r\n\r\n"), "{mode}: {head}");
        assert!(head.contains("content-length: 12\r\n"), "{mode}: {head}");
        let head = bare("HEAD", "/stream");
        assert!(head.ends_with("\r\n\r\n") && !head.contains("content-length: 0"), "{mode}: {head}");
        server.wait_for_log("seen to");
        for (path, status) in [("/204", "204 No Content"), ("/304", "304 Not Modified")] {
            let answer = bare("GET", path);
            assert!(answer.contains(status) && answer.ends_with("\r\n\r\n"), "{mode}: {answer}");
            assert!(!answer.contains("content-length") && !answer.contains("chunked"), "{mode}: {answer}");
        }
    }
}

#[test]
fn headers_keep_their_duplicates_and_those_of_a_connection_stay_there() {
    let files = Files::worker(
        "export default { fetch(request) {
            const headers = new Headers({ connection: 'x-private', 'x-private': '1', 'transfer-encoding': 'gzip' });
            headers.append('set-cookie', 'a=1');
            headers.append('set-cookie', 'b=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT');
            headers.set('x-seen', request.headers.get('x-twice'));
            return new Response('body', { status: 299, statusText: 'Fine Enough', headers });
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let answer = server.ask("GET / HTTP/1.1\r\nHost: a\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n");
        assert!(answer.head.starts_with("HTTP/1.1 299 Fine Enough"), "{mode}: {}", answer.head);
        assert_eq!(
            answer.headers("set-cookie"),
            ["a=1", "b=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT"],
            "{mode}"
        );
        assert_eq!(answer.header("x-seen"), Some("1, 2"), "{mode}");
        for name in ["x-private", "transfer-encoding"] {
            assert_eq!(answer.header(name), None, "{mode}: {name}");
        }
    }
}

#[test]
fn a_request_must_say_for_which_host_it_is() {
    let files = Files::worker(SHOW_URL);
    let server = Server::of(&files, "pool", &[]);
    assert_eq!(server.ask("GET / HTTP/1.1\r\n\r\n").status, 400);
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status, 400);
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n").status, 400);
    assert_eq!(
        server.ask("GET http://target.test/x HTTP/1.1\r\nHost: a\r\n\r\n").body,
        "http://target.test/x"
    );
    for host in ["a:99999", "a:x", "[::1", "a b"] {
        let answer = server.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(answer.status, 400, "{host}: it is no host, which is the client's to mend");
    }
    assert_eq!(server.ask("GET /x HTTP/1.0\r\n\r\n").body, format!("http://{}/x", server.address));
}

#[test]
fn a_worker_sees_urls_as_it_would_write_them_itself() {
    let files = Files::worker(
        "export default { fetch(request) {
            return new Response(request.url + ' ' + (request.url === new URL(request.url).href));
        } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        for (target, host, url) in [
            ("/x", "EXAMPLE.test:80", "http://example.test/x"),
            ("/a/../b?q='", "a.test", "http://a.test/b?q=%27"),
            ("/\u{e9}", "[::1]:8787", "http://[::1]:8787/%C3%A9"),
        ] {
            let answer = server.ask(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!((answer.status, &*answer.body), (200, &*format!("{url} true")), "{mode}");
        }
    }
}

#[test]
fn cookies_in_several_fields_are_one_list_with_semicolons() {
    let files = Files::worker(
        "export default { fetch(request) { return new Response(request.headers.get('cookie')) } }",
    );
    for mode in MODES {
        let server = Server::of(&files, mode, &[]);
        let answer = server.ask("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=2; c=3\r\n\r\n");
        assert_eq!(answer.body, "a=1; b=2; c=3", "{mode}");
    }
}

#[test]
fn an_empty_snapshot_variable_means_none() {
    let files = Files::worker(SHOW_URL);
    let mut command = bare_isolane();
    command
        .arg("serve")
        .arg(files.path("worker.js"))
        .args(unhurried(&["--addr", "127.0.0.1:0"]))
        .env("ISOLANE_SNAPSHOT", "");
    let server = Server::spawn(command);
    assert!(server.line.contains("snapshot built in process ("), "{}", server.line);
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn a_script_by_itself_is_announced_by_one_line_and_no_more() {
    let files = Files::worker(SHOW_URL);
    let server = Server::of(&files, "pool", &[]);
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.log(), "");
}

#[test]
fn module_state_lives_as_long_as_the_context_policy_says() {
    let files =
        Files::worker("let count = 0; export default { fetch() { return new Response(String(++count)) } }");
    for mode in ["pool", "pinned"] {
        let server = Server::of(&files, mode, &["--threads", "1", "--context", "reuse:3"]);
        let counts: Vec<String> = (0..6).map(|_| server.get("/").body).collect();
        assert_eq!(counts, ["1", "2", "3", "1", "2", "3"], "{mode}");
    }
    for mode in MODES {
        let server = Server::of(&files, mode, &["--threads", "1"]);
        assert_eq!((server.get("/").body, server.get("/").body), ("1".into(), "1".into()), "{mode}");
    }
}
