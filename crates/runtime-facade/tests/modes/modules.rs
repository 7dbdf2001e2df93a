//! Scripts of one file and of several: ES modules, dynamic import, top-level await, and classic scripts.

use crate::support::*;

fn files<const N: usize>(files: [(&str, &str); N]) -> WorkerCode {
    let main = files[0].0.to_owned();
    let files = files.map(|(name, source)| (name.to_owned(), source.to_owned()));
    WorkerCode::from(Script::from_files(&main, files).expect("the first file is the main one"))
}

in_every_mode! {
    async fn modules_import_each_other(fixture: Fixture) {
        let code = files([
            ("index.js", "import { greet } from './lib/greet.js'; import name, { suffix as end } from './name.js';
                export default { fetch() { return new Response(greet(name) + end) } }"),
            ("name.js", "export default 'Ada'; export const suffix = '!'"),
            ("lib/greet.js", "import { word } from './deep/word.js'; export const greet = (name) => `${word()} ${name}`"),
            ("lib/deep/word.js", "import name from '../../name.js'; export const word = () => `hello(${name.length})`"),
        ]);
        let runtime = fixture.runtime();
        for _ in 0..3 {
            assert_eq!(text(&runtime, &code).await, "hello(3) Ada!");
        }
    }
}

in_every_mode! {
    async fn a_module_can_be_imported_on_demand_and_is_evaluated_once(fixture: Fixture) {
        let host = Host::new();
        let code = files([
            ("index.js", "export default { async fetch() {
                const [one, two] = await Promise.all([import('./later.js'), import('./later.js')]);
                return new Response(`${one === two} ${one.value}`) } }"),
            ("later.js", "console.log('evaluated'); export const value = await Promise.resolve(7)"),
        ]);
        assert_eq!(text(&fixture.runtime_for(&host), &code).await, "true 7");
        assert_eq!(host.log_lines(), ["evaluated"]);
    }
}

in_every_mode! {
    async fn an_import_of_what_is_not_there_rejects_and_names_what_is(fixture: Fixture) {
        let runtime = fixture.runtime();
        let code = files([
            ("index.js", "export default { async fetch() {
                const told = [];
                for (const name of ['./missing.js', 'node:fs', 'https://example.org/x.js', '../../../etc/passwd'])
                  await import(name).catch((error) => told.push(error.name));
                return new Response(told.join()) } }"),
        ]);
        assert_eq!(text(&runtime, &code).await, "TypeError,TypeError,TypeError,TypeError");
        let code = files([("index.js", "import './missing.js'; export default {}"), ("there.js", "")]);
        let failure = answer(&runtime, Call::new(code, Event::get("http://localhost/"))).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ScriptError(ScriptFault::Compile));
        for part in ["./missing.js", "index.js", "there.js"] {
            assert!(failure.message.contains(part), "{}", failure.message);
        }
    }
}

in_every_mode! {
    async fn an_import_of_a_name_that_is_not_exported_is_a_script_error(fixture: Fixture) {
        let code = files([
            ("index.js", "import { missing } from './a.js'; export default {}"),
            ("a.js", "export const there = 1"),
        ]);
        let failure = answer(&fixture.runtime(), Call::new(code, Event::get("http://localhost/"))).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ScriptError(ScriptFault::Compile));
        assert!(failure.message.contains("missing"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn errors_name_the_file_that_they_came_from(fixture: Fixture) {
        let runtime = fixture.runtime();
        let code = files([
            ("index.js", "import { fail } from './lib/fail.js'; export default { fetch() { fail() } }"),
            ("lib/fail.js", "export function fail() {\n  throw new Error('from the library');\n}"),
        ]);
        let failure = answer(&runtime, Call::new(code, Event::get("http://localhost/"))).await.unwrap_err();
        assert!(failure.message.contains("at fail (lib/fail.js:2:"), "{}", failure.message);
        assert!(failure.message.contains("index.js:1:"), "{}", failure.message);
        let code = files([("index.js", "import './bad.js'; export default {}"), ("bad.js", "\n\nlet let = 1")]);
        let failure = answer(&runtime, Call::new(code, Event::get("http://localhost/"))).await.unwrap_err();
        assert!(failure.message.contains("bad.js:3:"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn modules_may_import_each_other_in_a_cycle(fixture: Fixture) {
        let code = files([
            ("a.js", "import { b } from './b.js'; export const a = () => 'a'; export default {
                fetch() { return new Response(b()) } }"),
            ("b.js", "import { a } from './a.js'; export const b = () => a() + 'b'"),
        ]);
        assert_eq!(text(&fixture.runtime(), &code).await, "ab");
    }
}

in_every_mode! {
    async fn the_top_level_may_await(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let script = "const value = await new Promise((go) => setTimeout(() => go('slow'), 2));
            export default { fetch() { return new Response(value) } }";
        let runtime = fixture.runtime_for(&host);
        assert_eq!(text(&runtime, script).await, "slow");
        let script = "const answer = await fetch('http://upstream/').catch((error) => error.name);
            export default { fetch() { return new Response(answer) } }";
        assert_eq!(text(&runtime, script).await, "TypeError");
        assert_eq!(gate.begun(), 0);
    }
}

in_every_mode! {
    async fn modules_may_wait_for_the_host_at_their_top_level(fixture: Fixture) {
        let (host, _gate) = Host::new().with_gate();
        let code = files([
            ("index.js", "import { upstream } from './upstream.js'; import { timer } from './timer.js';
                export default { async fetch() {
                  const { late } = await import('./late.js');
                  return new Response([upstream, timer, late].join()) } }"),
            ("upstream.js", "import './timer.js';
                export const upstream = await fetch('http://upstream/').catch((error) => error.name)"),
            ("timer.js", "export const timer = await new Promise((go) => setTimeout(go, 2, 'timer'))"),
            ("late.js", "import { upstream } from './upstream.js';
                export const late = await new Promise((go) => setTimeout(go, 2, `after ${upstream}`))"),
        ]);
        assert_eq!(text(&fixture.runtime_for(&host), &code).await, "TypeError,timer,after TypeError");
    }
}

in_every_mode! {
    async fn modules_in_a_cycle_may_wait_and_import_on_demand(fixture: Fixture) {
        let code = files([
            ("a.js", "import { b } from './b.js'; export const a = 'a'; export default {
                fetch: async () => new Response(b() + (await import('./b.js')).rest()) }"),
            ("b.js", "await new Promise((go) => setTimeout(go, 1)); import { a } from './a.js';
                export const b = () => `${a}b`; export const rest = () => 'c'"),
        ]);
        assert_eq!(text(&fixture.runtime(), &code).await, "abc");
    }
}

in_every_mode! {
    async fn a_file_named_mjs_is_a_module_whatever_is_in_it(fixture: Fixture) {
        let source = "const isModule = (function () { return this === undefined })();
            addEventListener('fetch', (event) => event.respondWith(new Response(`${isModule}`)))";
        let runtime = fixture.runtime();
        assert_eq!(text(&runtime, &files([("index.mjs", source)])).await, "true");
        assert_eq!(text(&runtime, &files([("index.js", source)])).await, "false");
    }
}

in_every_mode! {
    async fn a_module_knows_its_own_name(fixture: Fixture) {
        let code = files([
            ("index.js", "import { url, main } from './lib/a ?.js';
                export default { fetch() { return new Response(`${import.meta.url} ${import.meta.main} ${url} ${main}`) } }"),
            ("lib/a ?.js", "export const { url, main } = import.meta"),
        ]);
        assert_eq!(text(&fixture.runtime(), &code).await, "file:///index.js true file:///lib/a%20%3F.js false");
    }
}

in_every_mode! {
    async fn modules_are_strict_and_classic_scripts_are_not(fixture: Fixture) {
        let runtime = fixture.runtime();
        let script = "const strict = (function () { return this === undefined })();
            export default { fetch() { return new Response(`${strict} ${typeof this.fetch}`) } }";
        assert_eq!(text(&runtime, script).await, "true function");
        let script = "var global = this; function isSloppy() { return this === globalThis }
            addEventListener('fetch', (event) => {
              with ({ word: 'with' }) event.respondWith(
                new Response(`${word} ${isSloppy()} ${global === self} ${globalThis.isSloppy === isSloppy}`)) })";
        assert_eq!(text(&runtime, script).await, "with true true true");
    }
}

in_every_mode! {
    async fn a_classic_script_can_import_on_demand(fixture: Fixture) {
        let code = files([
            ("index.js", "addEventListener('fetch', (event) => event.respondWith(
                import('./part.js').then(({ part }) => new Response(part))))"),
            ("part.js", "export const part = 'a part'"),
        ]);
        assert_eq!(text(&fixture.runtime(), &code).await, "a part");
    }
}

in_every_mode! {
    async fn a_script_is_compiled_again_from_the_cache_with_the_same_result(fixture: Fixture) {
        let runtime = fixture.runtime();
        let body = (0..500).map(|number| format!("function f{number}(a) {{ return a + {number} }}\n"));
        let script = format!("{}export default {{ fetch() {{ return new Response(`${{f499(f7(1))}}`) }} }}",
            body.collect::<String>());
        for owner in ["a", "b", "c", "a"] {
            let call = Call::new(&*script, Event::get("http://localhost/")).owner(owner);
            assert_eq!(answer(&runtime, call).await.expect("an answer").text(), "507");
        }
    }
}
