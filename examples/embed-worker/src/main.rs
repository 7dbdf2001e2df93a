//! Embeds `mode-worker` alone: an isolate of one's own for a script that nobody trusts. Run it with
//! `cargo run -p embed-worker`.
#![forbid(unsafe_code)]

// ANCHOR: embed
use mode_worker::{Event, Outcome, RuntimeLimits, Worker};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let script = r#"
        let visits = 0;
        export default {
            fetch(request) {
                const { pathname } = new URL(request.url);
                if (pathname === "/loop") for (;;);
                return new Response(`visit ${++visits} to ${pathname}`);
            }
        }"#;
    let mut worker = Worker::new(script, RuntimeLimits { cpu_ms: 20, ..RuntimeLimits::default() }).await?;
    for path in ["/a", "/b"] {
        let answer = worker.exec(Event::get(format!("http://localhost{path}"))).await?.collect().await?;
        println!("{}: {}", answer.status, answer.text());
    }
    // A guest that does not end is stopped, and the worker can be used again.
    let failure = worker.exec(Event::get("http://localhost/loop")).await.expect_err("it loops for ever");
    assert_eq!(failure.outcome, Outcome::ExceededCpu);
    println!("{failure}");
    let answer = worker.exec(Event::get("http://localhost/c")).await?.collect().await?;
    println!("{}: {}", answer.status, answer.text());
    Ok(())
}
// ANCHOR_END: embed
