//! Imports of files that are no code: JSON, texts, bytes and WebAssembly, and what goes wrong with them.

use crate::support::*;

/// Exports `add`.
const ADD: &[u8] =
    b"\0asm\x01\0\0\0\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f\x03\x02\x01\0\x07\x07\x01\x03add\0\0\
      \x0a\x09\x01\x07\0\x20\0\x20\x01\x6a\x0b";

fn files<const N: usize>(main: &str, others: [(&str, ScriptFile); N]) -> WorkerCode {
    let files = std::iter::once(("index.js", ScriptFile::from(main))).chain(others);
    WorkerCode::from(Script::from_files("index.js", files).expect("the main file is there"))
}

async fn failure(runtime: &Runtime, code: WorkerCode) -> Failure {
    answer(runtime, Call::new(code, Event::get("http://localhost/"))).await.expect_err("it cannot be loaded")
}

in_every_mode! {
    async fn json_is_imported_as_a_value(fixture: Fixture) {
        let code = files(
            "import bare from './lib/data.json';
             import typed from './lib/data.json' with { type: 'json' };
             import * as all from './lib/data.json';
             export default { fetch: () => new Response([bare === typed, Object.keys(all), bare.list[1].deep].join()) }",
            [("lib/data.json", "\u{feff}{\"list\": [1, {\"deep\": \"ja, \u{1f642}\"}], \"__proto__\": 3}".into())],
        );
        let runtime = fixture.runtime();
        for _ in 0..2 {
            assert_eq!(text(&runtime, &code).await, "true,default,ja, \u{1f642}");
        }
    }
}

in_every_mode! {
    async fn texts_are_imported_by_their_name_or_when_asked_for(fixture: Fixture) {
        let code = files(
            "import page from './page.html'; import query from './query.sql'; import note from './note.txt';
             import own from './index.js' with { type: 'text' };
             import json from './data.json' with { type: 'text' };
             import other from './some.thing' with { type: 'text' };
             export default { fetch: () => new Response(
               [page, query, note, own.startsWith('import page'), json, other].join('|')) }",
            [
                ("page.html", "<p>".into()),
                ("query.sql", "select".into()),
                ("note.txt", ScriptFile::from(b"\xef\xbb\xbfnote".to_vec())),
                ("data.json", "{}".into()),
                ("some.thing", ScriptFile::asset(*b"thing")),
            ],
        );
        assert_eq!(text(&fixture.runtime(), &code).await, "<p>|select|note|true|{}|thing");
    }
}

in_every_mode! {
    async fn bytes_are_imported_as_a_buffer_or_as_an_array_when_asked_for(fixture: Fixture) {
        let code = files(
            "import buffer from './table.bin'; import array from './table.bin' with { type: 'bytes' };
             export default { fetch: () => new Response([
               buffer instanceof ArrayBuffer, new Uint8Array(buffer).join('-'),
               array instanceof Uint8Array, array.join('-'), array.buffer === buffer].join()) }",
            [("table.bin", vec![0, 255, 128].into())],
        );
        assert_eq!(text(&fixture.runtime(), &code).await, "true,0-255-128,true,0-255-128,false");
    }
}

in_every_mode! {
    async fn webassembly_is_imported_as_a_compiled_module(fixture: Fixture) {
        let code = files(
            "import module from './add.wasm'; import same from './add.wasm?module';
             export default { async fetch() {
               const first = new WebAssembly.Instance(module);
               const second = await WebAssembly.instantiate(module);
               return new Response([module instanceof WebAssembly.Module, module === same,
                 first.exports.add(2, 3), second.exports.add(-1, 1)].join()) } }",
            [("add.wasm", ADD.into())],
        );
        let runtime = fixture.runtime();
        for owner in ["a", "b", "a"] {
            let call = Call::new(&code, Event::get("http://localhost/")).owner(owner);
            assert_eq!(answer(&runtime, call).await.expect("an answer").text(), "true,true,5,0");
        }
    }
}

in_every_mode! {
    async fn imported_webassembly_cannot_have_more_memories_than_other(fixture: Fixture) {
        let module = [&b"\0asm\x01\0\0\0\x05\x13\x09"[..], &[0, 1].repeat(9)].concat();
        let code = files(
            "import module from './many.wasm';
             export default { fetch() {
               try { new WebAssembly.Instance(module) } catch (error) { return new Response(error.name) } } }",
            [("many.wasm", module.into())],
        );
        assert_eq!(text(&fixture.runtime(), &code).await, "RangeError");
    }
}

in_every_mode! {
    async fn values_are_imported_on_demand_too(fixture: Fixture) {
        let code = files(
            "export default { async fetch() {
               Object.defineProperty(Object.prototype, 'default', { set() { throw new Error('set') } });
               const [one, two] = await Promise.all([import('./data.json'), import('./data.json', { with: { type: 'json' } })]);
               const text = await import('./data.json', { with: { type: 'text' } });
               const { default: add } = await import(new URL('./lib/add%20it.wasm', import.meta.url));
               return new Response([one === two, one.default[0], text.default, add instanceof WebAssembly.Module].join()) } }",
            [("data.json", "[7]".into()), ("lib/add it.wasm", ADD.into())],
        );
        assert_eq!(text(&fixture.runtime(), &code).await, "true,7,[7],true");
    }
}

in_every_mode! {
    async fn what_is_wrong_with_a_value_is_a_script_error_with_its_file(fixture: Fixture) {
        let runtime = fixture.runtime();
        for (import, said) in [
            ("'./bad.json'", &["SyntaxError: ", "bad.json:3:"][..]),
            ("'./bad.wasm'", &["CompileError: ", "bad.wasm"]),
            ("'./image.png'", &["./image.png", "type: \"bytes\"", "index.js:1:"]),
            ("'./image.png' with { type: 'text' }", &["./image.png", "UTF-8", "index.js:1:"]),
            ("'./bad.json' with { type: 'css' }", &["./bad.json", "\"css\"", "index.js:1:"]),
            ("'./bad.json' with { as: 'json' }", &["\"as\"", "index.js:1:"]),
            ("'./none.json'", &["./none.json", "bad.json, ", "index.js:1:"]),
        ] {
            let code = files(
                &format!("import value from {import};\nexport default {{}}"),
                [
                    ("bad.json", "{\n  \"a\": 1,\n  b: 2\n}".into()),
                    ("bad.wasm", ScriptFile::wasm(*b"\0asm\x01\0\0\0\x09")),
                    ("image.png", vec![0x89, 0x50].into()),
                ],
            );
            let Failure { outcome, message, .. } = failure(&runtime, code).await;
            assert_eq!(outcome, Outcome::ScriptError(ScriptFault::Compile), "{import}: {message}");
            for part in said {
                assert!(message.contains(part), "{import}: {message}");
            }
        }
    }
}

in_every_mode! {
    async fn what_is_wrong_with_a_value_on_demand_rejects_with_its_own_error(fixture: Fixture) {
        let code = files(
            "export default { async fetch() {
               const told = [];
               for (const [name, type] of [['./bad.json'], ['./bad.wasm'], ['./bad.js'], ['./none.txt'], ['./a.txt', 'css']])
                 await import(name, type && { with: { type } }).catch((error) => told.push(`${error}`));
               return Response.json(told) } }",
            [
                ("bad.json", "[\n1,\n]".into()),
                ("bad.wasm", ScriptFile::wasm(*b"no wasm")),
                ("bad.js", "let let".into()),
                ("a.txt", "a".into()),
            ],
        );
        let told = text(&fixture.runtime(), &code).await;
        let told: Vec<String> = serde_json::from_str(&told).expect("a list");
        for (told, said) in told.iter().zip([
            &["SyntaxError: bad.json:3:1: "][..],
            &["CompileError: bad.wasm: "],
            &["SyntaxError: "],
            &["TypeError: ", "./none.txt"],
            &["TypeError: ", "\"css\""],
        ]) {
            assert!(told.starts_with(said[0]) && said.iter().all(|part| told.contains(part)), "{told}");
        }
        assert_eq!(told.len(), 5);
    }
}

in_every_mode! {
    async fn an_imported_buffer_counts_towards_the_memory_limit(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.heap_max_mb = 32);
        let main = "export default { async fetch() {
            const name = await import('./large.bin').catch((error) => error.name);
            return new Response(`${name}`) } }";
        let code = files(main, [("large.bin", vec![1_u8; 40 << 20].into())]);
        assert_eq!(text(&runtime, &code).await, "RangeError");
        let code = files("import './large.bin'; export default {}", [("large.bin", vec![1_u8; 40 << 20].into())]);
        let Failure { message, .. } = failure(&runtime, code).await;
        assert!(message.contains("RangeError") && message.contains("large.bin"), "{message}");
    }
}
