//! Embeds the facade: the mode is a word, and may come from a configuration file. What a host can do for its guests
//! is shown by `embed-host`. Run it with `cargo run -p embed-facade`, or with a mode's name behind `--`.
#![forbid(unsafe_code)]

// ANCHOR: embed
use runtime_facade::{Call, Capacity, Event, Mode, Runtime, RuntimeLimits};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).unwrap_or("pinned".to_owned());
    let runtime = Runtime::builder()
        .mode(Mode::named(name.parse()?, &Capacity::default())?)
        .limits(RuntimeLimits { cpu_ms: 20, ..RuntimeLimits::default() })
        .build()?;
    let script = "export default { fetch(request) { return new Response(`you asked for ${request.url}`) } }";
    let call = Call::new(script, Event::get("http://localhost/")).owner("tenant-1").worker("echo");
    match runtime.execute(call).await {
        Ok(execution) => {
            let answer = execution.collect().await?;
            println!("{} {}", answer.status, answer.text());
        }
        Err(failure) => println!("{} {failure}", failure.outcome.http_status()),
    }
    Ok(())
}
// ANCHOR_END: embed
