//! Embeds `mode-pinned` alone: tenants that may not disturb each other, each with so many isolates and a short
//! queue. Run it with `cargo run -p embed-pinned`.
#![forbid(unsafe_code)]

// ANCHOR: embed
use std::sync::Arc;

use mode_pinned::{Call, Event, PinnedPool, PinnedPoolConfig, RuntimeLimits};

const SCRIPT: &str = r#"
    export default {
        async fetch() {
            await new Promise(resolve => setTimeout(resolve, 20));
            return new Response("done");
        }
    }"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = PinnedPoolConfig {
        threads: 1,
        max_isolates_per_thread: 100,
        max_per_owner: Some(2),
        queue_per_owner: 2,
        ..PinnedPoolConfig::default()
    };
    let pool = Arc::new(PinnedPool::new(config, RuntimeLimits::default())?);
    // Two run, two wait, and one is told to come back later.
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let pool = Arc::clone(&pool);
            let call = Call::new(SCRIPT, Event::get("http://localhost/")).owner("tenant-1");
            tokio::spawn(async move { pool.execute(call).await?.collect().await })
        })
        .collect();
    for task in tasks {
        match task.await? {
            Ok(answer) => println!("200 {}", answer.text()),
            Err(failure) => println!("{} {failure}", failure.outcome.http_status()),
        }
    }
    Ok(())
}
// ANCHOR_END: embed
