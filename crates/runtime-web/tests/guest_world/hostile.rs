//! Guests that use the natives to take more of the host than is theirs. What is looked at is the end of their request
//! and that the process goes on; results are the business of `natives.rs`.

use runtime_core::{Outcome, RuntimeLimits};
use runtime_web::Task;

use crate::Guest;

/// Runs the body of a task handler under the default limits, with other processor time.
async fn outcome_of(cpu_ms: u64, body: &str) -> Outcome {
    let limits = RuntimeLimits { cpu_ms, ..RuntimeLimits::default() };
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
