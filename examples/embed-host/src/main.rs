//! A host with everything that it can give its guests: outbound requests, logs, a binding, limits of its own for one
//! worker, bodies that stream both ways, and an orderly end. It serves no sockets; `isolane` does. Run it with
//! `cargo run -p embed-host`.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Method};
use runtime_facade::{
    Bindings, Body, Call, ContextPolicy, Event, Failure, FetchRequest, FetchResponse, LogRecord, Mode,
    OpError, Ops, PoolConfig, Request, Runtime, RuntimeLimits, Scheduled, Script, SnapshotSource, V8Config,
    WebSocketClose, WebSocketMessage, WorkerCode,
};

// ANCHOR: ops
/// What this host does for its guests.
struct Host {
    store: Arc<Mutex<HashMap<String, String>>>,
}

impl Ops for Host {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<FetchResponse, OpError>> + Send>> {
        // A real host asks its HTTP client here. This one knows a single address.
        Box::pin(async move {
            if request.url != "http://greetings.internal/today" {
                return Err(OpError::new(format!("this worker may not reach {}", request.url)));
            }
            Ok(FetchResponse {
                status: 200,
                status_text: "OK".to_owned(),
                url: request.url,
                headers: HeaderMap::new(),
                body: Body::from("good morning"),
                is_redirected: false,
            })
        })
    }

    fn log(&self, record: LogRecord) {
        eprintln!("[{}] {} {}", record.worker, record.level.as_str(), record.message);
    }

    fn bindings(&self) -> Bindings {
        let (reads, writes) = (Arc::clone(&self.store), Arc::clone(&self.store));
        Bindings::default()
            .method("STORE", "get", move |(key,): (String,)| {
                let value = reads.lock().map(|store| store.get(&key).cloned());
                std::future::ready(value.map_err(|_| OpError::new("the store is closed")))
            })
            .method("STORE", "put", move |(key, value): (String, String)| {
                let stored = writes.lock().map(|mut store| drop(store.insert(key, value)));
                std::future::ready(stored.map_err(|_| OpError::new("the store is closed")))
            })
    }
}
// ANCHOR_END: ops

// ANCHOR: build
fn build() -> anyhow::Result<Runtime> {
    // The snapshot's file, if there is one; without it the snapshot is made now, in this process.
    let snapshot = match std::env::var_os("ISOLANE_SNAPSHOT") {
        Some(path) => SnapshotSource::File(path.into()),
        None => SnapshotSource::BuildInProcess,
    };
    let pool = PoolConfig {
        max_isolates: 200,
        context: ContextPolicy::Reuse { max_uses: 1_000 },
        ..PoolConfig::default()
    };
    let runtime = Runtime::builder()
        .mode(Mode::Pool(pool))
        .limits(RuntimeLimits { heap_max_mb: 64, wall_ms: 10_000, ..RuntimeLimits::default() })
        .ops(Arc::new(Host { store: Arc::default() }))
        .v8(V8Config { snapshot, ..V8Config::default() })
        .build()?;
    Ok(runtime)
}
// ANCHOR_END: build

// ANCHOR: code
/// A worker of two files with an environment. Made once, used for every request.
fn greeter() -> anyhow::Result<WorkerCode> {
    let main = r#"
        import { decorate } from "./decorate.js";
        export default {
            async fetch(request, env, ctx) {
                const answer = await fetch("http://greetings.internal/today");
                ctx.waitUntil(env.STORE.put("last", new Date().toISOString()));
                return new Response(decorate(await answer.text(), env.NAME));
            },
            async scheduled(controller, env) {
                console.log(`${controller.cron}: last greeted at ${await env.STORE.get("last")}`);
            }
        }"#;
    let decorate = "export const decorate = (greeting, name) => `${greeting}, ${name}!`;";
    let files =
        [("main.js", main), ("decorate.js", decorate)].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let script = Script::from_files("main.js", files)?;
    Ok(WorkerCode::new(script).env([("NAME", "Ada")]))
}
// ANCHOR_END: code

// ANCHOR: stream
/// Gives a worker a body, and reads the answer as it comes.
async fn upper_case(runtime: &Runtime) -> Result<(), Failure> {
    let script = r#"
        export default {
            fetch(request) {
                const upper = new TransformStream({
                    transform(text, controller) { controller.enqueue(text.toUpperCase()); }
                });
                const body = request.body
                    .pipeThrough(new TextDecoderStream())
                    .pipeThrough(upper)
                    .pipeThrough(new TextEncoderStream());
                return new Response(body);
            }
        }"#;
    let mut request = Request::new(Method::POST, "http://localhost/");
    // Any `http_body::Body` of bytes will do, such as the one that a server has just accepted: `Body::stream(incoming)`.
    request.body = Body::from("one two three");
    let call = Call::new(script, request).owner("tenant-2").worker("upper");
    let mut execution = runtime.execute(call).await?;
    // Dropping the body before its end tells the guest that its client has gone.
    while let Ok(Some(chunk)) = execution.response.body.chunk().await {
        println!("{} bytes: {}", chunk.len(), String::from_utf8_lossy(&chunk));
    }
    // The status went out long ago; what happened since then is told here.
    let end = execution.end.await;
    println!("{} after {} turns", end.outcome, end.report.turns);
    Ok(())
}
// ANCHOR_END: stream

// ANCHOR: socket
/// Speaks with a worker through the socket of its response, in place of a client.
async fn converse(runtime: &Runtime) -> Result<(), Failure> {
    let script = r#"
        export default {
            fetch() {
                const [client, server] = Object.values(new WebSocketPair());
                server.accept();
                server.addEventListener("message", ({ data }) => server.send(`hello, ${data}`));
                return new Response(null, { status: 101, webSocket: client });
            }
        }"#;
    let call = Call::new(script, Event::get("http://localhost/")).owner("tenant-2").worker("greeter");
    let mut execution = runtime.execute(call).await?;
    if let Some(socket) = execution.response.web_socket.take() {
        // It fails only if the guest has closed or is gone.
        let _ = socket.send(WebSocketMessage::Text("Ada".to_owned())).await;
        socket.close(WebSocketClose::new(1000, "that was all"));
        // The guest closes as well, once it has answered.
        while let Some(message) = socket.receive().await {
            println!("{message:?}");
        }
    }
    println!("{}", execution.end.await.outcome);
    Ok(())
}
// ANCHOR_END: socket

// ANCHOR: failure
/// A guest that never stops, under a limit of its own.
async fn endless(runtime: &Runtime) {
    let call = Call::new("export default { fetch() { for (;;); } }", Event::get("http://localhost/"))
        .owner("tenant-3")
        .limits(RuntimeLimits { cpu_ms: 10, ..runtime.limits().clone() });
    if let Err(failure) = runtime.execute(call).await {
        // The message is for the log: it may hold the guest's stack. The client gets the status.
        eprintln!("{failure} after {:?} of processor time", failure.report.cpu);
        println!("{}", failure.outcome.http_status());
    }
}
// ANCHOR_END: failure

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let runtime = build()?;
    let code = greeter()?;
    let tenant = |event: Event| Call::new(code.clone(), event).owner("tenant-1").worker("greeter");

    // ANCHOR: events
    let answer = runtime.execute(tenant(Event::get("http://localhost/"))).await?.collect().await?;
    println!("{} {} ({} calls to the host)", answer.status, answer.text(), answer.report.subrequests);
    let hourly = Scheduled { cron: "0 * * * *".to_owned(), scheduled_time_ms: 0 };
    runtime.execute(tenant(hourly.into())).await?.collect().await?;
    // ANCHOR_END: events

    upper_case(&runtime).await?;
    converse(&runtime).await?;
    endless(&runtime).await;

    // ANCHOR: shutdown
    let stats = runtime.stats();
    println!("{} isolates, {} threads lost", stats.process.isolates, stats.health.lost_threads);
    // New calls are refused as `LoadShed` from here on; those under way may end.
    let is_drained = runtime.shutdown(Duration::from_secs(10)).await;
    println!("drained: {is_drained}");
    // ANCHOR_END: shutdown
    Ok(())
}
