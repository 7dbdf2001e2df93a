//! Short ways to write guests and to ask them something.

use runtime_facade::{Call, Collected, Event, Failure, Runtime, Task, WorkerCode};

use super::wait::within;

/// A module whose `fetch` handler has this body; it knows `request`, `env` and `ctx`.
pub(crate) fn handler(body: &str) -> String {
    format!("export default {{ async fetch(request, env, ctx) {{ {body} }} }}")
}

/// A script whose `fetch` listener has this body; it knows `event`.
pub(crate) fn classic(body: &str) -> String {
    format!("addEventListener('fetch', (event) => {{ {body} }});")
}

/// A module whose `task` handler has this body; it knows `task`, `env` and `ctx`. Its value is the JSON answer.
pub(crate) fn task(body: &str) -> String {
    format!("export default {{ async task(task, env, ctx) {{ {body} }} }}")
}

/// The whole answer to a call, or how it failed, before or after its response.
pub(crate) async fn answer(runtime: &Runtime, call: Call) -> Result<Collected, Failure> {
    within("the call's answer", async { runtime.execute(call).await?.collect().await }).await
}

/// The body of the answer to a GET (or to an empty task, if there is only a handler for that), which must go well.
pub(crate) async fn text(runtime: &Runtime, code: impl Into<WorkerCode>) -> String {
    let collected = answer(runtime, Call::new(code, Event::get("http://localhost/"))).await;
    collected.unwrap_or_else(|failure| panic!("the guest should have answered: {failure}")).text()
}

/// What a `task` handler with this body gives, as JSON.
pub(crate) async fn computed(runtime: &Runtime, body: &str) -> serde_json::Value {
    let collected = answer(runtime, Call::new(task(body), Task::default())).await;
    let collected = collected.unwrap_or_else(|failure| panic!("the guest should have answered: {failure}"));
    serde_json::from_slice(&collected.body).expect("a task's answer is JSON")
}
