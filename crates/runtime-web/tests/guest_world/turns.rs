//! Turns whose own code fails: ours or an embedder's, not the guest's.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::{IsolateError, TurnThreads};

use super::generous;

#[tokio::test]
async fn a_turn_that_panics_ends_and_costs_neither_its_thread_nor_the_next_turn() {
    runtime_web::ensure_init().expect("V8 starts");
    let threads = TurnThreads::start("test-panic", 1).expect("a thread starts");
    let limits = Arc::new(generous());
    for _ in 0..3 {
        let isolate = threads.make_isolate(&limits).await.expect("an isolate is made");
        let turn = threads.run(&isolate, |_token| -> u8 { panic!("as this test wants it to") });
        let ended = tokio::time::timeout(Duration::from_secs(20), turn).await.expect("it ends by itself");
        match ended {
            Err(IsolateError::Panicked(message)) => assert_eq!(message, "as this test wants it to"),
            other => panic!("expected the panic's message, found {other:?}"),
        }
        assert!(isolate.is_condemned());
    }
    let isolate = threads.make_isolate(&limits).await.expect("an isolate is made");
    assert_eq!(threads.run(&isolate, |_token| 7).await.expect("the thread is there"), 7);
}
