//! Guests that use the natives to take more of the host than is theirs. What is looked at is the end of their request
//! and that the process goes on; results are the business of `natives.rs`.

use std::time::Duration;

use runtime_core::{Outcome, RuntimeLimits};
use runtime_web::Task;

use crate::Guest;

/// Runs the body of a task handler under the default limits, with other processor time in turns, and any out of them.
async fn outcome_of(cpu_ms: u64, body: &str) -> Outcome {
    let limits = RuntimeLimits { cpu_ms, work_cpu_ms: 0, ..RuntimeLimits::default() };
    let mut guest = Guest::with(limits, &format!("export default {{ async task() {{ {body} }} }}")).await;
    guest.exec(Task::default()).await.map_or_else(|failure| failure.outcome, |_| Outcome::Ok)
}

#[tokio::test]
async fn decoders_left_in_the_middle_of_a_stream_are_bounded() {
    let body = "for (;;) new TextDecoder().decode(new Uint8Array([0xe2]), { stream: true })";
    assert_eq!(outcome_of(0, body).await, Outcome::Exception);
}

#[tokio::test]
async fn codecs_left_in_the_middle_of_a_stream_are_bounded() {
    for format in ["gzip", "brotli"] {
        for class in ["CompressionStream", "DecompressionStream"] {
            let body = format!(
                "const bytes = new Uint8Array([31]); for (;;) {{
                    const {{ readable, writable }} = new {class}('{format}');
                    readable.getReader().read();
                    await writable.getWriter().write(bytes);
                }}"
            );
            assert_eq!(outcome_of(0, &body).await, Outcome::Exception, "{class} {format}");
        }
    }
}

#[tokio::test]
async fn text_that_decodes_slowly_can_be_stopped() {
    let body = "new TextDecoder().decode(new Uint8Array(6e7).fill(0xff))";
    assert_eq!(outcome_of(50, body).await, Outcome::ExceededCpu);
}

#[tokio::test]
async fn a_form_of_millions_of_pairs_ends_in_the_guests_own_limits() {
    let body = "return new URLSearchParams('a&'.repeat(3e7)).size";
    assert_eq!(outcome_of(50, body).await, Outcome::ExceededCpu);
    assert_eq!(outcome_of(0, body).await, Outcome::ExceededMemory);
}

#[tokio::test]
async fn one_long_string_many_times_over_does_not_multiply_in_the_host() {
    let clone = "const s = 'x'.repeat(6e7); return structuredClone(new Array(1e5).fill(s)).length";
    assert_eq!(outcome_of(0, clone).await, Outcome::Ok);
    let form = "const p = new URLSearchParams(); const s = 'x'.repeat(1e6);
                for (let i = 0; i < 1e5; i++) p.append('n', s); return p.toString().length";
    assert_eq!(outcome_of(0, form).await, Outcome::Exception);
}

#[tokio::test]
async fn a_clone_is_stopped_by_every_limit() {
    let deep = "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; structuredClone(a)";
    assert_eq!(outcome_of(0, deep).await, Outcome::Exception);
    let wide = "structuredClone(new Array(1e7).fill(0).map(() => ({})))";
    assert_eq!(outcome_of(0, wide).await, Outcome::ExceededMemory);
    let long = "const a = new Array(1e6).fill(0); for (;;) structuredClone(a)";
    assert_eq!(outcome_of(50, long).await, Outcome::ExceededCpu);
}

#[tokio::test]
async fn a_url_that_costs_too_much_to_parse_is_refused() {
    assert_eq!(outcome_of(0, "new URL('http://a/' + '\\u00e9'.repeat(5e7))").await, Outcome::Exception);
}

#[tokio::test]
async fn operations_that_take_long_have_their_own_limit_of_processor_time() {
    let body = "const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
                const derive = () => crypto.subtle.deriveBits(
                    { name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(8), iterations: 1e7 }, key, 512);
                const errors = [];
                for (let i = 0; i < 3; i++) errors.push(await derive().catch((error) => error));
                return errors.map(({ name, message }) => `${name}: ${message}`).join('\\n')";
    let limits = RuntimeLimits { cpu_ms: 0, work_cpu_ms: 100, ..RuntimeLimits::default() };
    let mut guest = Guest::with(limits, &format!("export default {{ async task() {{ {body} }} }}")).await;
    let answer = guest.exec(Task::default()).await.expect("the guest catches the errors");
    let error = "OperationError: the processor time for the request's long operations is used up";
    let expected = format!("\"{}\"", [error; 3].join("\\n"));
    assert_eq!(answer.text(), expected);
    assert!(answer.report.cpu >= Duration::from_millis(100), "{:?}", answer.report.cpu);
}

#[tokio::test]
async fn an_operation_that_takes_long_ends_with_its_request() {
    let body = "const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
                const derive = () => crypto.subtle.deriveBits(
                    { name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(8), iterations: 1e7 }, key, 512);
                for (let i = 0; i < 1000; i++) derive();
                await new Promise(() => {})";
    let limits = RuntimeLimits { cpu_ms: 0, wall_ms: 200, work_cpu_ms: 0, ..RuntimeLimits::default() };
    let mut guest = Guest::with(limits, &format!("export default {{ async task() {{ {body} }} }}")).await;
    let failure = guest.exec(Task::default()).await.expect_err("it runs out of time");
    assert_eq!(failure.outcome, Outcome::ExceededWallTime);
    // The places are free again: the thousand do not stand before the next request's.
    let body = "const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
                await crypto.subtle.deriveBits(
                    { name: 'PBKDF2', hash: 'SHA-1', salt: new Uint8Array(8), iterations: 2000 }, key, 160)";
    assert_eq!(outcome_of(0, body).await, Outcome::Ok);
}

#[tokio::test]
async fn timers_go_on_while_a_key_is_derived() {
    let body = "const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
                let done = false;
                const derived = crypto.subtle.deriveBits(
                    { name: 'PBKDF2', hash: 'SHA-1', salt: new Uint8Array(8), iterations: 1e6 }, key, 160);
                derived.then(() => { done = true; });
                await new Promise((resolve) => setTimeout(resolve, 1));
                if (done) throw new Error('the isolate was held');
                await derived";
    assert_eq!(outcome_of(0, body).await, Outcome::Ok);
}

#[tokio::test]
async fn large_inputs_for_cryptography_do_not_multiply_in_the_host() {
    // More than all jobs of the process may hold: the rest is done in the turns.
    let body = "const large = new Uint8Array(3e7);
                const digests = [];
                for (let i = 0; i < 10; i++) digests.push(crypto.subtle.digest('SHA-1', large));
                const [first, ...others] = (await Promise.all(digests)).map((digest) => new Uint8Array(digest).join());
                if (others.some((other) => other !== first)) throw new Error('the digests differ')";
    let limits = RuntimeLimits { cpu_ms: 0, wall_ms: 0, work_cpu_ms: 0, ..RuntimeLimits::default() };
    let mut guest = Guest::with(limits, &format!("export default {{ async task() {{ {body} }} }}")).await;
    guest.exec(Task::default()).await.expect("all digests are the same");
}
