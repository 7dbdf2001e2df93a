//! Embeds `mode-pool` alone: one cache of isolates for many workers, used from any task. Run it with
//! `cargo run -p embed-pool`.
#![forbid(unsafe_code)]

// ANCHOR: embed
use std::sync::Arc;

use mode_pool::{Call, ContextPolicy, Event, Pool, PoolConfig, RuntimeLimits, WorkerCode};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = PoolConfig {
        max_isolates: 100,
        context: ContextPolicy::Reuse { max_uses: 1_000 },
        ..PoolConfig::default()
    };
    let pool = Arc::new(Pool::new(config, RuntimeLimits::default())?);
    let code =
        WorkerCode::from("export default { fetch(_, env) { return new Response(`hello, ${env.NAME}`) } }");
    let tasks: Vec<_> = ["Ada", "Grace", "Barbara"]
        .into_iter()
        .map(|name| {
            let pool = Arc::clone(&pool);
            let call = Call::new(code.clone().env([("NAME", name)]), Event::get("http://localhost/"))
                .owner(name)
                .worker("greeter");
            tokio::spawn(async move { pool.execute(call).await?.collect().await })
        })
        .collect();
    for task in tasks {
        println!("{}", task.await??.text());
    }
    let stats = pool.stats();
    println!("{} isolates made, {} hits", stats.misses, stats.hits);
    Ok(())
}
// ANCHOR_END: embed
