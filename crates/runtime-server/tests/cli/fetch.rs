//! Outbound `fetch` over real sockets: what goes out, what comes back, redirects, and hosts that are not allowed.

use super::support::{Files, MODES, Server, text};
use super::upstream::Upstream;

/// Runs a body of an async function of `request`, `env` (with UPSTREAM, another ORIGIN of the same server, and what is
/// given) and `ctx`, and gives what it returns as text.
fn fetched(upstream: &Upstream, mode: &str, body: &str) -> String {
    let files = Files::worker(&format!("export default {{ async fetch(request, env, ctx) {{ {body} }} }}"));
    let variable = format!("UPSTREAM=http://{}", upstream.address);
    let other = format!("OTHER=http://localhost:{}", upstream.address.port());
    let ran = super::support::run(&files.path("worker.js"), mode, &["--env", &variable, "--env", &other]);
    assert_eq!(ran.status.code(), Some(0), "{mode}: {}", text(&ran.stderr));
    text(&ran.stdout)
}

#[test]
fn a_proxy_streams_both_ways_and_keeps_cookies_apart() {
    let upstream = Upstream::start();
    let files = Files::worker(
        "export default { fetch(request, env) {
            const url = new URL(request.url);
            return fetch(new Request(env.UPSTREAM + url.pathname + url.search, request));
        } }",
    );
    let variable = format!("UPSTREAM=http://{}", upstream.address);
    for mode in MODES {
        let server = Server::of(&files, mode, &["--env", &variable]);
        let mut connection = server.connect();
        connection.send("POST /mirror HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for word in ["first", "second"] {
            connection.send(&format!("{:x}\r\n{word}\r\n", word.len()));
            connection.wait_for(word);
        }
        connection.send("0\r\n\r\n");
        let answer = connection.answer();
        assert_eq!((&*answer.body, answer.is_whole), ("firstsecond", true), "{mode}");
        assert_eq!(server.get("/cookies").headers("set-cookie"), ["a=1; Path=/", "b=2"], "{mode}");
        let echo = server.get("/echo?a=%20b").body;
        assert!(echo.starts_with("GET /echo?a=%20b\n"), "{mode}: {echo}");
        assert!(
            echo.contains(&format!("host: {}\n", upstream.address)),
            "{mode}: the URL says which host: {echo}"
        );
    }
}

#[test]
fn what_the_guest_sends_arrives_and_defaults_only_fill_gaps() {
    let upstream = Upstream::start();
    for mode in MODES {
        let echo = fetched(
            &upstream,
            mode,
            "const response = await fetch(env.UPSTREAM + '/echo', {
                method: 'PUT', body: 'the body', headers: { 'accept-encoding': 'br', 'x-a': '1', connection: 'x-a' },
            });
            return new Response(await response.text());",
        );
        for part in
            ["PUT /echo\n", "accept-encoding: br\n", "accept: */*\n", "content-length: 8\n", "\n\nthe body"]
        {
            assert!(echo.contains(part), "{mode}: {part:?} in {echo}");
        }
        assert!(!echo.contains("x-a: ") && !echo.contains("connection: x-a"), "{mode}: {echo}");
        let echo = fetched(&upstream, mode, "return fetch(env.UPSTREAM + '/echo')");
        assert!(echo.contains("accept-encoding: identity\n"), "{mode}: {echo}");
        assert!(echo.contains("accept-language: *\n"), "{mode}: {echo}");
        let echo = fetched(&upstream, mode, "return fetch(env.UPSTREAM + '/echo', { cache: 'no-store' })");
        assert!(
            echo.contains("cache-control: no-cache\n") && echo.contains("pragma: no-cache\n"),
            "{mode}: {echo}"
        );
        assert!(echo.contains("user-agent: isolane/") && !echo.contains("content-length"), "{mode}: {echo}");
    }
}

#[test]
fn a_worker_with_a_location_says_where_it_comes_from() {
    let upstream = Upstream::start();
    let other = format!("http://localhost:{}", upstream.address.port());
    let files = Files::worker(
        "export default { async fetch(request, env) {
            const told = [location.origin, await (await fetch('/echo')).text()];
            const far = new Request(env.OTHER + '/echo', { method: 'POST', referrerPolicy: 'unsafe-url' });
            told.push(await (await fetch(far)).text());
            told.push(await (await fetch(`/redirect/302?${env.OTHER}/echo`, { referrer: '/page' })).text());
            return new Response(told.join('\\n---\\n'));
        } }",
    );
    let location = format!("http://{}/shop?a=b", upstream.address);
    let variable = format!("OTHER={other}");
    for mode in MODES {
        let arguments = ["--env", &*variable, "--location", &*location];
        let ran = super::support::run(&files.path("worker.js"), mode, &arguments);
        assert_eq!(ran.status.code(), Some(0), "{mode}: {}", text(&ran.stderr));
        let told = text(&ran.stdout);
        let [origin, near, far, redirected] = *told.split("\n---\n").collect::<Vec<_>>() else {
            panic!("{mode}: {told}")
        };
        let ours = format!("http://{}", upstream.address);
        assert_eq!(origin, ours, "{mode}");
        assert!(
            near.contains(&format!("referer: {location}\n")) && !near.contains("origin: "),
            "{mode}: {near}"
        );
        assert!(far.contains(&format!("referer: {location}\n")), "{mode}: {far}");
        assert!(far.contains(&format!("origin: {ours}\n")), "{mode}: {far}");
        assert!(redirected.contains(&format!("referer: {ours}/\n")), "{mode}: {redirected}");
        assert!(redirected.contains(&format!("origin: {ours}\n")), "{mode}: {redirected}");
    }
    let ran = super::support::run(&files.path("worker.js"), "worker", &["--location", "shop.test"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("expected a location"), "{}", text(&ran.stderr));
}

#[test]
fn an_encoded_body_is_decoded_unless_the_guest_has_asked_for_the_encoding() {
    let upstream = Upstream::start();
    for mode in MODES {
        let shown = fetched(
            &upstream,
            mode,
            "const asked = { headers: { 'accept-encoding': 'gzip' } };
            const show = async (path, init) => {
                const response = await fetch(env.UPSTREAM + path, init);
                const body = await response.text().catch((error) => error.name);
                return [response.headers.get('content-encoding'), response.headers.get('content-length'), body];
            };
            const { length } = await (await fetch(env.UPSTREAM + '/gzip', asked)).bytes();
            return Response.json([await show('/gzip'), await show('/encoded'), await show('/encoded', asked), length]);",
        );
        let expected = r#"[[null,null,"zipped"],[null,null,"TypeError"],["gzip","15","not gzip at all"],26]"#;
        assert_eq!(shown, expected, "{mode}");
    }
}

#[test]
fn redirects_are_followed_refused_or_shown_as_the_guest_says() {
    let upstream = Upstream::start();
    for mode in MODES {
        let shown = fetched(
            &upstream,
            mode,
            "const url = env.UPSTREAM + '/redirect/302?/redirect/307?/echo';
            const followed = await fetch(url);
            const manual = await fetch(url, { redirect: 'manual' });
            const refused = await fetch(url, { redirect: 'error' }).catch((error) => error.name);
            const within = await fetch(url, { mode: 'same-origin' });
            const away = await fetch(env.UPSTREAM + '/redirect/302?' + env.OTHER + '/echo', { mode: 'same-origin' })
                .catch((error) => error.name);
            return Response.json([followed.status, followed.redirected, new URL(followed.url).pathname,
                manual.status, manual.headers.get('location'), manual.redirected, refused, within.status, away]);",
        );
        let expected = r#"[200,true,"/echo",302,"/redirect/307?/echo",false,"TypeError",200,"TypeError"]"#;
        assert_eq!(shown, expected, "{mode}");
    }
}

#[test]
fn a_redirect_changes_the_method_and_drops_secrets_as_the_standard_says() {
    let upstream = Upstream::start();
    for mode in MODES {
        let post =
            "{ method: 'POST', body: 'the body', headers: { authorization: 'secret', cookie: 'a=1' } }";
        let echo = fetched(
            &upstream,
            mode,
            &format!("return fetch(env.UPSTREAM + '/redirect/303?' + env.OTHER + '/echo', {post})"),
        );
        assert!(echo.starts_with("GET /echo\n") && echo.ends_with("\n\n"), "{mode}: {echo}");
        assert!(
            !echo.contains("secret") && !echo.contains("cookie") && !echo.contains("content-"),
            "{mode}: {echo}"
        );
        let echo =
            fetched(&upstream, mode, &format!("return fetch(env.UPSTREAM + '/redirect/307?/echo', {post})"));
        assert!(echo.starts_with("POST /echo\n") && echo.ends_with("\n\nthe body"), "{mode}: {echo}");
        assert!(echo.contains("secret"), "{mode}: {echo}");
        let endless = fetched(
            &upstream,
            mode,
            "let url = '/echo';
            for (let i = 0; i < 21; i++) url = '/redirect/302?' + url;
            return new Response(await fetch(env.UPSTREAM + url).then((r) => r.status, (error) => error.message));",
        );
        assert!(endless.contains("20 redirects"), "{mode}: {endless}");
    }
}

#[test]
fn every_hop_must_be_an_allowed_host() {
    let upstream = Upstream::start();
    let port = upstream.address.port();
    let config = format!(
        "allowed_hosts = ['127.0.0.1:{port}']
         env = {{ UPSTREAM = 'http://127.0.0.1:{port}', OTHER = 'http://localhost:{port}' }}"
    );
    let source = "export default { async fetch(request, env) {
        const via = new URL(request.url).pathname === '/direct' ? '' : env.UPSTREAM + '/redirect/302?';
        return new Response(await fetch(via + env.OTHER + '/echo').then((r) => r.status, (error) => error.message));
    } }";
    let files = Files::new(&[("worker.js", source), ("isolane.toml", &config)]);
    let config = files.path("isolane.toml");
    for mode in MODES {
        let server = Server::of(&files, mode, &["--config", config.to_str().expect("UTF-8")]);
        for path in ["/direct", "/redirected"] {
            let body = server.get(path).body;
            assert!(body.contains(&format!("may not reach localhost:{port}")), "{mode}: {path}: {body}");
        }
    }
}

#[test]
fn a_port_of_another_protocol_is_reached_only_where_the_configuration_names_it() {
    let upstream = Upstream::start();
    let source = "export default { async fetch(request, env) {
        const said = [];
        for (const url of ['http://127.0.0.1:1/', env.UPSTREAM + '/redirect/302?http://127.0.0.1:1/']) {
            said.push(await fetch(url).then((r) => r.status, (error) => error.name + ': ' + error.message));
        }
        const socket = new WebSocket('ws://127.0.0.1:1/');
        said.push(await new Promise((resolve) => { socket.onerror = ({ message }) => resolve(message) }));
        return Response.json(said);
    } }";
    for (hosts, said) in [("'*'", "port 1 belongs to another protocol"), ("'*', '127.0.0.1:1'", "refused")] {
        let config = format!(
            "limits = {{ cpu_ms = 2000 }}\nallowed_hosts = [{hosts}]\nenv = {{ UPSTREAM = 'http://{}' }}",
            upstream.address
        );
        let files = Files::new(&[("worker.js", source), ("isolane.toml", &config)]);
        let config = files.path("isolane.toml");
        let server = Server::of(&files, "worker", &["--config", config.to_str().expect("UTF-8")]);
        let found: Vec<String> = serde_json::from_str(&server.get("/").body).expect("JSON");
        assert!(found[0].starts_with("TypeError: "), "{found:?}");
        assert!(found.iter().all(|found| found.contains(said)), "{found:?}");
    }
}

#[test]
fn a_host_that_cannot_be_reached_is_a_type_error_that_says_why() {
    let upstream = Upstream::start();
    for mode in MODES {
        let shown = fetched(
            &upstream,
            mode,
            "const closed = await fetch('http://127.0.0.1:2/').catch((error) => error);
            const scheme = await fetch('ftp://example.com/').catch((error) => error);
            return Response.json([closed.name, closed.message, scheme.name]);",
        );
        let parts: Vec<String> = serde_json::from_str(&shown).expect("JSON");
        assert_eq!((&*parts[0], &*parts[2]), ("TypeError", "TypeError"), "{mode}");
        assert!(
            parts[1].contains("http://127.0.0.1:2/") && parts[1].contains("refused"),
            "{mode}: {}",
            parts[1]
        );
    }
}
