//! `isolane run`: what is printed where, and with which exit status it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use super::support::{Files, MODES, bare_isolane, isolane, run, text, unhurried};

const HELLO: &str = "export default { fetch(request) {
    return new Response(`hello ${new URL(request.url).searchParams.get('name') ?? 'world'}\\n`);
} }";

#[test]
fn a_worker_that_answers_with_a_socket_needs_a_client() {
    let files = Files::worker(
        "export default { fetch() {
            const [client, server] = Object.values(new WebSocketPair());
            server.accept();
            return new Response(null, { status: 101, webSocket: client });
        } }",
    );
    for mode in MODES {
        let output = run(&files.path("worker.js"), mode, &[]);
        assert_eq!(output.status.code(), Some(1), "{mode}");
        assert!(
            text(&output.stderr).contains("answered with a WebSocket"),
            "{mode}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn the_body_goes_to_standard_output_and_the_status_is_0() {
    let files = Files::worker(HELLO);
    for mode in MODES {
        let ran = run(&files.path("worker.js"), mode, &["--url", "http://localhost/?name=Ada"]);
        assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), "hello Ada\n".into()), "{mode}");
        assert_eq!(text(&ran.stderr), "", "{mode}");
    }
}

#[test]
fn status_and_headers_come_first_when_asked_for_and_duplicates_are_kept() {
    let files = Files::worker(
        "export default { fetch() {
            const headers = new Headers({ 'x-a': '1' });
            headers.append('set-cookie', 'a=1');
            headers.append('set-cookie', 'b=2');
            return new Response('body', { status: 201, headers });
        } }",
    );
    let ran = run(&files.path("worker.js"), "worker", &["-i"]);
    let printed = text(&ran.stdout);
    let (head, body) = printed.split_once("\n\n").expect("an empty line");
    assert!(head.starts_with("HTTP/1.1 201 Created\n"), "{head}");
    assert_eq!(head.matches("set-cookie: ").count(), 2, "{head}");
    assert_eq!(body, "body");
}

#[test]
fn an_operation_of_the_hosts_that_fails_is_named_with_its_reason_and_the_status_is_1() {
    let files = Files::worker("export default { fetch() { return fetch('http://127.0.0.1:2/') } }");
    for mode in MODES {
        let ran = run(&files.path("worker.js"), mode, &[]);
        let said = text(&ran.stderr);
        assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(1), String::new()), "{mode}: {said}");
        assert!(said.starts_with("isolane: HostError: TypeError: fetch failed: "), "{mode}: {said}");
    }
}

#[test]
fn method_headers_variables_and_body_reach_the_worker() {
    let files = Files::worker(
        "export default { async fetch(request, env) {
            const { method, url, headers } = request;
            return Response.json([method, url, headers.get('x-list'), env.NAME, await request.text()]);
        } }",
    );
    std::fs::write(files.path("body.txt"), "from a file").expect("a file");
    let from_file = format!("@{}", files.path("body.txt").display());
    for mode in MODES {
        let arguments =
            ["--header", "X-List: 1", "--header", "x-list: 2", "--env", "NAME=a=b", "--data", &from_file];
        let ran = run(&files.path("worker.js"), mode, &arguments);
        let expected = r#"["POST","http://localhost/","1, 2","a=b","from a file"]"#;
        assert_eq!(text(&ran.stdout), expected, "{mode}: {}", text(&ran.stderr));
    }
    let ran =
        run(&files.path("worker.js"), "worker", &["--method", "PUT", "--data", "literal", "--env", "NAME="]);
    assert_eq!(text(&ran.stdout), r#"["PUT","http://localhost/",null,"","literal"]"#);
}

#[test]
fn standard_input_is_streamed_to_the_worker_and_its_answer_back() {
    let files = Files::worker(
        "export default { fetch(request) {
            const upper = new TransformStream({ transform(chunk, controller) {
                controller.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase()));
            } });
            return new Response(request.body.pipeThrough(upper));
        } }",
    );
    for mode in MODES {
        let mut child = isolane()
            .arg("run")
            .arg(files.path("worker.js"))
            .args(unhurried(&["--mode", mode, "--data", "-"]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("it is piped");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        for word in ["first", "second"] {
            // The next line is written only after the answer to this one has come.
            writeln!(input, "{word}").expect("it reads");
            let mut line = String::new();
            output.read_line(&mut line).expect("UTF-8");
            assert_eq!(line, format!("{}\n", word.to_uppercase()), "{mode}");
        }
        drop(input);
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{mode}");
    }
}

#[test]
fn any_other_outcome_is_status_1_with_its_name_and_reason_on_standard_error() {
    let cases: [(&str, &[&str], &str, &str); 8] = [
        ("export default { fetch() { throw new Error('boom') } }", &[], "Exception", "boom"),
        ("export default { fetch() { return 1 } }", &[], "Exception", "Response"),
        ("export default { fetch() { for (;;); } }", &["--cpu-ms", "50"], "ExceededCpu", ""),
        ("for (;;); export default {}", &["--startup-cpu-ms", "50"], "ExceededCpu", ""),
        (
            "export default { fetch() { return new Promise(() => setTimeout(() => {}, 1e6)) } }",
            &["--wall-ms", "100"],
            "ExceededWallTime",
            "",
        ),
        (
            "export default { fetch() { const all = []; for (;;) all.push(new Array(1000).fill(all.length)) } }",
            &["--cpu-ms", "0", "--heap-mb", "32"],
            "ExceededMemory",
            "",
        ),
        ("export default { scheduled() {} }", &[], "ScriptError", "fetch"),
        ("export default {", &[], "ScriptError", "SyntaxError"),
    ];
    for (source, arguments, outcome, reason) in cases {
        let files = Files::worker(source);
        for mode in MODES {
            let ran = run(&files.path("worker.js"), mode, arguments);
            let errors = text(&ran.stderr);
            assert_eq!(ran.status.code(), Some(1), "{mode}: {source}: {errors}");
            assert!(errors.contains(&format!("{outcome}: ")) && errors.contains(reason), "{mode}: {errors}");
            assert_eq!(text(&ran.stdout), "", "{mode}: {source}");
        }
    }
}

#[test]
fn a_failure_after_the_response_is_status_1_too() {
    let broken = "let pulls = 0; export default { fetch() { return new Response(new ReadableStream({ pull(controller) {
        if (pulls++ > 0) throw new Error('half way');
        controller.enqueue(new TextEncoder().encode('the beginning'));
    } })) } }";
    let endless = "export default { fetch(request, env, ctx) {
        ctx.waitUntil((async () => { await null; for (;;); })());
        return new Response('the beginning');
    } }";
    for (source, outcome) in [(broken, "Exception: "), (endless, "ExceededCpu: ")] {
        let files = Files::worker(source);
        for mode in MODES {
            let ran = run(&files.path("worker.js"), mode, &[]);
            assert_eq!(ran.status.code(), Some(1), "{mode}");
            let errors = text(&ran.stderr);
            assert!(errors.contains(outcome), "{mode}: {errors}");
            // What ends in the turn that answers is known before anything is printed.
            assert!(["the beginning", ""].contains(&&*text(&ran.stdout)), "{mode}: {}", text(&ran.stdout));
        }
    }
}

#[test]
fn bad_usage_is_status_2_and_says_what_was_expected() {
    let files = Files::worker(HELLO);
    let script = files.path("worker.js");
    let script = script.to_str().expect("a UTF-8 path");
    let cases: [(&[&str], &str); 11] = [
        (&["run"], "SCRIPT"),
        (&["run", "does-not-exist.js"], "does-not-exist.js"),
        (&["run", script, "--mode", "turbo"], "worker, pool, pinned, shared"),
        (&["run", script, "--url", "localhost"], "expected a URL"),
        (&["run", script, "--header", "no colon"], "Name: value"),
        (&["run", script, "--env", "no equals sign"], "K=V"),
        (&["run", script, "--cpu-ms", "soon"], "soon"),
        (&["run", script, "--ca-file", "does-not-exist.pem"], "does-not-exist.pem"),
        (&["run", script, "--frobnicate"], "--frobnicate"),
        (&["run", script, "--data", "@does-not-exist.txt"], "does-not-exist.txt"),
        (&["run", script, "--event", "task", "--data", "{"], "JSON"),
    ];
    for (arguments, part) in cases {
        let ran = isolane().args(arguments).output().expect("it starts");
        let errors = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(part), "{arguments:?}: {errors}");
    }
}

#[test]
fn limits_of_zero_are_off_and_eval_is_a_setting() {
    let busy = Files::worker(
        "export default { fetch() {
            let sum = 0;
            for (let i = 0; i < 3e8; i++) sum = (sum * 31 + i) | 0;
            if (sum === 1.5) return new Response('impossible');
            return new Response('done');
        } }",
    );
    let eval = Files::worker("export default { fetch() { return new Response(String(eval('1 + 1'))) } }");
    for mode in MODES {
        assert_eq!(run(&busy.path("worker.js"), mode, &["--cpu-ms", "20"]).status.code(), Some(1), "{mode}");
        let ran = run(&busy.path("worker.js"), mode, &["--cpu-ms", "0"]);
        assert_eq!(text(&ran.stdout), "done", "{mode}: {}", text(&ran.stderr));
        assert_eq!(run(&eval.path("worker.js"), mode, &[]).status.code(), Some(1), "{mode}");
        let ran = run(&eval.path("worker.js"), mode, &["--allow-eval"]);
        assert_eq!(text(&ran.stdout), "2", "{mode}: {}", text(&ran.stderr));
    }
}

#[test]
fn scheduled_events_and_tasks_run_and_logs_go_to_standard_error() {
    let files = Files::worker(
        "export default {
            scheduled(controller, env, ctx) {
                console.log('cron', JSON.stringify(controller.cron), controller.scheduledTime > 1e12);
                ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 1)).then(() => console.warn('later')));
            },
            task(task) { return { sum: task.payload.reduce((a, b) => a + b) } },
        }",
    );
    for mode in MODES {
        let ran = run(&files.path("worker.js"), mode, &["--event", "scheduled"]);
        assert_eq!(ran.status.code(), Some(0), "{mode}: {}", text(&ran.stderr));
        assert_eq!(text(&ran.stdout), "", "{mode}");
        let log = "[worker] log cron \"\" true\n[worker] warn later\n";
        assert_eq!(text(&ran.stderr), log, "{mode}");
        let ran = run(&files.path("worker.js"), mode, &["--event", "task", "--data", "[1,2,3]"]);
        assert_eq!(text(&ran.stdout), "{\"sum\":6}", "{mode}: {}", text(&ran.stderr));
    }
}

#[test]
fn imports_of_local_files_are_found_and_a_folder_means_its_index() {
    let files = Files::new(&[
        (
            "w/index.js",
            "import { a } from './lib/a.js'; export default { async fetch() {
            const { b } = await import('./lib/b.mjs');
            return new Response(a + b);
        } }",
        ),
        ("w/lib/a.js", "export { a } from './deep/a.js'"),
        ("w/lib/deep/a.js", "export const a = 'a'"),
        ("w/lib/b.mjs", "export const b = 'b'"),
        ("broken/index.js", "import './missing.js'; export default {}"),
    ]);
    for mode in MODES {
        let ran = run(&files.path("w"), mode, &[]);
        assert_eq!(text(&ran.stdout), "ab", "{mode}: {}", text(&ran.stderr));
        let ran = run(&files.path("broken/index.js"), mode, &[]);
        assert_eq!(ran.status.code(), Some(1), "{mode}");
        let errors = text(&ran.stderr);
        assert!(errors.contains("ScriptError: ") && errors.contains("./missing.js"), "{mode}: {errors}");
    }
}

#[test]
fn a_closed_standard_output_cancels_the_request() {
    let files = Files::worker(
        "export default { fetch() { return new Response(new ReadableStream({ pull(controller) {
            controller.enqueue(new Uint8Array(65536));
        } })) } }",
    );
    let mut child = isolane()
        .arg("run")
        .arg(files.path("worker.js"))
        .args(["--cpu-ms", "0", "--wall-ms", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stderr).contains("Canceled: "), "{}", text(&ended.stderr));
}

#[test]
fn a_snapshot_is_made_checked_and_used_and_one_that_does_not_fit_is_named() {
    let files = Files::worker(HELLO);
    let snapshot = files.path("base.snapshot");
    let snapshot = snapshot.to_str().expect("a UTF-8 path");
    let script = files.path("worker.js");
    let script = script.to_str().expect("a UTF-8 path");
    let isolane = |arguments: &[&str]| bare_isolane().args(arguments).output().expect("it starts");

    assert_eq!(isolane(&["snapshot", "--check", "--out", snapshot]).status.code(), Some(1));
    let made = isolane(&["snapshot", "--out", snapshot]);
    assert!(text(&made.stdout).contains(" bytes, sources ") && text(&made.stdout).contains(" ms"));
    assert_eq!(isolane(&["snapshot", "--check", "--out", snapshot]).status.code(), Some(0));
    for mode in MODES {
        let ran = isolane(&unhurried(&["run", script, "--mode", mode, "--snapshot", snapshot]));
        assert_eq!(text(&ran.stdout), "hello world\n", "{mode}: {}", text(&ran.stderr));
        let ran = isolane(&unhurried(&["run", script, "--mode", mode]));
        assert_eq!(text(&ran.stdout), "hello world\n", "{mode} without a file: {}", text(&ran.stderr));
    }

    let whole = std::fs::read(snapshot).expect("a file");
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    let damaged: [(&[u8], &str); 4] = [
        (&whole[..whole.len() / 2], "truncated"),
        (&flipped, "corrupted"),
        (b"", "truncated"),
        (b"#!/bin/sh", "found"),
    ];
    for (bytes, part) in damaged {
        std::fs::write(snapshot, bytes).expect("a file");
        let ran = isolane(&["run", script, "--snapshot", snapshot]);
        assert_eq!(ran.status.code(), Some(2), "{part}");
        let errors = text(&ran.stderr);
        assert!(errors.contains(part) && errors.contains("expected"), "{errors}");
        assert!(errors.contains(snapshot), "it says which file: {errors}");
        let checked = isolane(&["snapshot", "--check", "--out", snapshot]);
        assert_eq!(checked.status.code(), Some(1), "{part}");
    }
}
