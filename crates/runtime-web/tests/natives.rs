//! What the natives of encoding, URLs, crypto and cloning do for a guest: a worker checks it from the inside
//! (`guest/natives.js`), in a real isolate. The pure halves have their unit tests beside them.

use std::sync::Arc;

use runtime_core::{RuntimeLimits, TurnThreads};
use runtime_web::{NoOps, Session, Task, WorkerCode};

#[tokio::test]
async fn the_natives_do_for_a_guest_what_they_promise() {
    runtime_web::ensure_init().expect("V8 starts");
    let threads = TurnThreads::shared().expect("turn threads start");
    // A debug build is slow, and the checks are about results.
    let limits =
        Arc::new(RuntimeLimits { cpu_ms: 0, wall_ms: 0, heap_max_mb: 64, ..RuntimeLimits::default() });
    let isolate = threads.make_isolate(&limits).await.expect("an isolate is made");
    let code = WorkerCode::from(include_str!("guest/natives.js"));
    let mut session = Session::new("tests", isolate, threads, code, limits, Arc::new(NoOps))
        .await
        .expect("the script's top level runs");
    let execution = session.exec(Task::default()).await.expect("the task answers");
    let answer = execution.collect().await.expect("the answer is whole");
    let answer: serde_json::Value = serde_json::from_str(&answer.text()).expect("the answer is JSON");
    let failures: Vec<&str> =
        answer["failures"].as_array().expect("a list").iter().filter_map(serde_json::Value::as_str).collect();
    assert!(failures.is_empty(), "{} checks failed:\n{}", failures.len(), failures.join("\n"));
    assert_ne!(answer["checks"], 0);
}
