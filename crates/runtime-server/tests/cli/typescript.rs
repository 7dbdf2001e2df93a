//! Workers in TypeScript and JSX, and where their errors are said to come from.

use std::path::Path;

use serde_json::Value;

use super::support::{Files, MODES, Server, isolane, run, text};

#[test]
fn typescript_and_jsx_run_in_every_mode() {
    let files = Files::new(&[
        (
            "index.ts",
            "import { greet, type Greeting } from './lib/greet'; import data from './data.json';
             enum Place { World = 'world' }
             export default { fetch(_request: Request): Response {
               const greeting: Greeting = greet(Place.World as string);
               return new Response(`${greeting.text}${data!.end}`) } }",
        ),
        (
            "lib/greet.tsx",
            "/** @jsxRuntime classic @jsx h */
             const h = (tag: string, _: unknown, ...children: string[]) => `<${tag}>${children.join('')}</${tag}>`;
             export interface Greeting { text: string }
             export const greet = (name: string): Greeting => ({ text: <b>hello {name}</b> })",
        ),
        ("data.json", "{ \"end\": \"!\" }"),
    ]);
    for mode in MODES {
        let ran = run(&files.path("index.ts"), mode, &[]);
        assert_eq!(text(&ran.stdout), "<b>hello world</b>!", "{mode}: {}", text(&ran.stderr));
    }
}

#[test]
fn errors_and_logs_name_the_lines_of_the_source() {
    let source = "interface Gone {\n  a: string;\n}\nfunction fail(why: string): never {\n  throw new Error(why);\n}
        export default { fetch(request: Request) {\n  try { fail('caught') } catch (error) { console.log((error as Error).stack) }
          fail('thrown') } }";
    let files = Files::new(&[("src/worker.ts", source)]);
    for mode in MODES {
        let ran = run(&files.path("src/worker.ts"), mode, &[]);
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{mode}: {said}");
        assert!(
            said.contains("isolane: Exception: Error: thrown\n    at fail (worker.ts:5:9)"),
            "{mode}: {said}"
        );
        // A log's further lines are indented.
        let (caught, _) = said.split_once("isolane: Exception").expect("both are there");
        assert!(
            caught.contains("Error: caught\n") && caught.contains("    at fail (worker.ts:5:9)\n"),
            "{mode}: {said}"
        );
    }
}

#[test]
fn a_bundle_with_a_map_beside_it_names_the_lines_of_its_sources() {
    let files = Files::new(&[
        ("package.json", "{}"),
        (
            "dist/index.js",
            "export default { fetch() {\n  throw new Error('boom') } }\n//# sourceMappingURL=index.js.map\n",
        ),
        // Line 2 of the bundle is line 17 of src/app.ts.
        ("dist/index.js.map", r#"{"version":3,"sources":["../src/app.ts"],"names":[],"mappings":";AAgBA"}"#),
    ]);
    let ran = run(&files.path(""), "worker", &[]);
    let said = text(&ran.stderr);
    assert!(said.contains("(src/app.ts:17:1)"), "{said}");
}

#[test]
fn a_syntax_error_of_typescript_is_a_script_error_with_its_place_and_line() {
    let files =
        Files::new(&[("index.ts", "import './lib/bad.ts'"), ("lib/bad.ts", "const a = 1;\nlet b: = 2;\n")]);
    let ran = run(&files.path("index.ts"), "worker", &[]);
    let said = text(&ran.stderr);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(1), String::new()), "{said}");
    assert!(said.starts_with("isolane: ScriptError: SyntaxError: "), "{said}");
    assert!(said.contains("\n    at lib/bad.ts:2:8\n") && said.contains("\n> 2 | let b: = 2;\n"), "{said}");
    let served = isolane()
        .arg("serve")
        .arg(files.path("index.ts"))
        .args(["--addr", "127.0.0.1:0"])
        .output()
        .expect("it starts");
    let said = text(&served.stderr);
    assert_ne!(served.status.code(), Some(0));
    assert!(said.contains("SyntaxError: ") && said.contains("\n    at lib/bad.ts:2:8\n"), "{said}");
}

#[test]
fn a_folder_serves_workers_with_every_extension_of_code() {
    let script = "export default { fetch: () => new Response('it is ' + import.meta.url) }";
    let files = Files::new(&[
        ("a.js", script),
        ("b.mjs", script),
        ("c.ts", script),
        ("d.mts", script),
        ("e.tsx", script),
        ("f.jsx", script),
        ("g/index.mjs", script),
        ("h/index.ts", script),
        ("types.d.ts", "declare const a: number;"),
        ("notes.txt", ""),
    ]);
    let server = Server::start(&[files.path("").to_str().expect("a UTF-8 path")]);
    for (name, file) in [
        ("a", "a.js"),
        ("b", "b.mjs"),
        ("c", "c.ts"),
        ("d", "d.mts"),
        ("e", "e.tsx"),
        ("f", "f.jsx"),
        ("g", "index.mjs"),
        ("h", "index.ts"),
    ] {
        let answer = server.get(&format!("/{name}/"));
        assert_eq!((answer.status, answer.body), (200, format!("it is file:///{file}")), "{name}");
    }
    assert_eq!(server.get("/types.d/").status, 404);
}

#[test]
fn two_files_of_one_name_are_an_error_that_names_both() {
    let files = Files::new(&[("a.js", ""), ("a.ts", "")]);
    let served = isolane().arg("serve").arg(files.path("")).output().expect("it starts");
    let said = text(&served.stderr);
    assert_eq!(served.status.code(), Some(2), "{said}");
    assert!(said.contains("a.js and ") && said.contains("a.ts"), "{said}");
}

#[test]
fn the_example_in_typescript_answers_as_expected_in_every_mode() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workers");
    let expected = std::fs::read_to_string(root.join("expected.json")).expect("a file");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let workers = expected["workers"].as_array().expect("a list");
    let worker = workers.iter().find(|worker| worker["id"] == "typescript").expect("it is listed");
    let script = root.join(worker["file"].as_str().expect("a path"));
    for case in worker["cases"].as_array().expect("a list") {
        let (name, expect) = (&case["name"], &case["expect"]);
        let url = case["url"].as_str().unwrap_or("http://localhost/");
        for mode in MODES {
            let ran = run(&script, mode, &["-i", "--url", url]);
            let (printed, said) = (text(&ran.stdout), text(&ran.stderr));
            if let Some(message) = expect["message_contains"].as_str() {
                assert_eq!(ran.status.code(), Some(1), "{mode}: {name}: {said}");
                assert!(said.contains(message), "{mode}: {name}: {said}");
                continue;
            }
            let (head, body) = printed.split_once("\n\n").expect(&said);
            assert!(head.starts_with(&format!("HTTP/1.1 {} ", expect["status"])), "{mode}: {name}: {head}");
            assert_eq!(Some(body), expect["body"].as_str(), "{mode}: {name}");
            for (header, value) in expect["headers"].as_object().into_iter().flatten() {
                let line = format!("{header}: {}", value.as_str().expect("a text"));
                assert!(head.contains(&line), "{mode}: {name}: {head}");
            }
        }
    }
}
