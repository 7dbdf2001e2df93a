//! Where errors come from, in scripts whose files say where they came from themselves.

use crate::support::*;

/// A number in the variable-length base64 of source maps.
fn number(value: i32) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = (value.unsigned_abs() << 1) | u32::from(value < 0);
    let mut text = String::new();
    loop {
        let digit = (rest & 31) as usize;
        rest >>= 5;
        text.push(char::from(DIGITS[if rest > 0 { digit | 32 } else { digit }]));
        if rest == 0 {
            return text;
        }
    }
}

/// A map in which line n of the generated file is line 100 + n of `src/original.ts`, ten columns further right.
fn map(lines: usize) -> String {
    let first = format!("A{}{}{}", number(0), number(100), number(10));
    let next = format!(";A{}{}{}", number(0), number(1), number(0));
    let mappings = first + &next.repeat(lines - 1);
    format!(r#"{{"version":3,"sources":["src/original.ts"],"names":[],"mappings":"{mappings}"}}"#)
}

fn mapped(source: &str) -> WorkerCode {
    let file = ScriptFile::javascript(source).with_source_map(map(source.lines().count()));
    WorkerCode::from(Script::from_files("index.js", [("index.js", file)]).expect("the main file is there"))
}

async fn failure(runtime: &Runtime, code: WorkerCode) -> Failure {
    answer(runtime, Call::new(code, Event::get("http://localhost/"))).await.expect_err("the guest fails")
}

in_every_mode! {
    async fn what_the_host_is_told_names_the_original_places(fixture: Fixture) {
        let runtime = fixture.runtime();
        let code = mapped("function inner() {\n  throw new RangeError('boom') }\nexport default { fetch() {\n  inner() } }");
        let Failure { message, .. } = failure(&runtime, code).await;
        for place in ["at inner (src/original.ts:102:", "src/original.ts:104:"] {
            assert!(message.starts_with("RangeError: boom\n") && message.contains(place), "{message}");
        }
        let Failure { message, .. } = failure(&runtime, mapped("export default {}\nlet let = 1")).await;
        assert!(message.contains("at src/original.ts:102:"), "{message}");
        let Failure { message, .. } = failure(&runtime, mapped("\nimport './none.js'")).await;
        assert!(message.contains("at src/original.ts:102:"), "{message}");
    }
}

in_every_mode! {
    async fn stacks_that_the_guest_reads_and_logs_name_the_original_places(fixture: Fixture) {
        let host = Host::new();
        let code = mapped("class Thing {\n  fail() { throw new TypeError('boom') } }
            export default { async fetch() {
              setTimeout(() => { throw new Error('late') });
              await new Promise((go) => setTimeout(go, 2));
              try { new Thing().fail() } catch (error) {
                console.error(error);
                return new Response(error.stack) } } }");
        let runtime = fixture.runtime_for(&host);
        let stack = text(&runtime, &code).await;
        let lines: Vec<&str> = stack.lines().collect();
        assert_eq!(lines[0], "TypeError: boom");
        assert!(lines[1].starts_with("    at Thing.fail (src/original.ts:102:"), "{stack}");
        assert!(lines[2].starts_with("    at Object.fetch (src/original.ts:106:"), "{stack}");
        assert!(host.has_logged("at Thing.fail (src/original.ts:102:"), "{:?}", host.log_lines());
        assert!(host.has_logged("src/original.ts:104:"), "{:?}", host.log_lines());
    }
}

in_every_mode! {
    async fn a_map_in_the_file_is_used(fixture: Fixture) {
        // `map(2)` in base64.
        let source = "export default { fetch() {\nthrow new Error('boom') } }
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbInNyYy9vcmlnaW5hbC50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiQUFvR1U7QUFDQSJ9";
        let Failure { message, .. } = failure(&fixture.runtime(), source.into()).await;
        assert!(message.contains("src/original.ts:102:"), "{message}");
    }
}

/// Reads stacks with frames of every kind.
const FRAMES: &str = "
    class Base { constructor() { this.stack = new Error('made').stack } static make() { return new this() } }
    class Derived extends Base { get value() { return new Error('got').stack } method() { return [1].map(() => this.value)[0] } }
    const lib = { ['computed name']() { return new Error('').stack }, async later() { await null; throw new SyntaxError('later') } };
    class Named extends Error { name = 'Own'; toString() { return 'never' } }
    export default { async fetch() {
      const derived = Derived.make();
      const plain = {};
      Error.captureStackTrace(plain);
      const nameless = new Error('x'); nameless.name = '';
      const silent = new Error(''); silent.name = '';
      const odd = Object.defineProperty(new Error('odd'), 'name', { get() { throw new Error('no name') } });
      const all = await Promise.all([lib.later().catch((error) => error.stack)]);
      return Response.json([derived.stack, derived.value, derived.method(), lib['computed name'](), all, plain.stack,
        nameless.stack, silent.stack, odd.stack, new Named('own').stack, new DOMException('m', 'AbortError').stack,
        JSON.stringify((() => { try { null.x } catch (error) { return error.stack } })())]);
    } }";

in_every_mode! {
    async fn stacks_without_a_map_are_those_of_v8_also_beside_files_with_one(fixture: Fixture) {
        let runtime = fixture.cramped();
        let plain = WorkerCode::from(Script::named("index.js", FRAMES));
        let other = ScriptFile::javascript("export {}").with_source_map(map(1));
        let files = [("index.js", ScriptFile::javascript(FRAMES)), ("other.js", other)];
        let beside = WorkerCode::from(Script::from_files("index.js", files).expect("the main file is there"));
        let before = text(&runtime, &plain).await;
        assert!(before.contains("at get value"), "{before}");
        assert_eq!(text(&runtime, &beside).await, before);
        assert_eq!(text(&runtime, &plain).await, before);
    }
}

in_every_mode! {
    async fn guests_can_still_make_stacks_of_their_own(fixture: Fixture) {
        let code = mapped("export default { fetch() {
            Error.prepareStackTrace = (error, sites) => [error.message, sites[0].getFileName(), sites.length > 0];
            const own = new Error('boom').stack;
            Error.prepareStackTrace = () => { throw new Error('cannot') };
            let thrown; try { thrown = typeof new Error('boom').stack } catch (error) { thrown = 'throws' }
            delete Error.prepareStackTrace;
            return Response.json([own, thrown, new Error('after').stack.includes('src/original.ts')]) } }");
        let made = text(&fixture.runtime(), &code).await;
        assert!(made.starts_with(r#"[["boom","index.js",true],"#) && made.ends_with(",true]"), "{made}");
    }
}

in_every_mode! {
    async fn a_guest_cannot_hide_from_its_limits_in_a_stack(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 60);
        for endless in [
            "Error.prepareStackTrace = () => { for (;;); }; new Error('').stack",
            "const error = new Error(''); error.message = { toString() { for (;;); } }; error.stack",
            "const error = new Error(''); Object.defineProperty(error, 'name', { get() { for (;;); } }); error.stack",
        ] {
            let code = mapped(&format!("export default {{ fetch() {{ {endless}; for (;;); }} }}"));
            let Failure { outcome, message, .. } = failure(&runtime, code).await;
            assert_eq!(outcome, Outcome::ExceededCpu, "{endless}: {message}");
        }
        assert_eq!(text(&runtime, &mapped("export default { fetch: () => new Response('fine') }")).await, "fine");
    }
}
