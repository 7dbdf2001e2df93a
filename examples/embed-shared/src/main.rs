//! Embeds `mode-shared` alone: one isolate for a thread, a disposable context for each script. Run it with
//! `cargo run -p embed-shared`.
#![forbid(unsafe_code)]

// ANCHOR: embed
use std::sync::Arc;

use mode_shared::{Event, ExecutionContext, NoOps, RuntimeLimits, SharedIsolate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut isolate = SharedIsolate::new(RuntimeLimits::default());
    for greeting in ["hello", "bonjour"] {
        let script = format!(
            "export default {{ fetch() {{ return new Response(globalThis.seen ?? '{greeting}') }} }}"
        );
        let mut context = ExecutionContext::new(&mut isolate, script, Arc::new(NoOps))?;
        let answer = context.exec(Event::get("http://localhost/")).await?.collect().await?;
        println!("{}: {}", answer.status, answer.text());
        // The context goes here, the isolate stays.
    }
    Ok(())
}
// ANCHOR_END: embed
