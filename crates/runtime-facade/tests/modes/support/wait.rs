//! Waiting for conditions, each with a deadline. Nothing here waits for a fixed time.

use std::future::Future;
use std::time::Duration;

use runtime_facade::Runtime;

/// Longer than anything here takes on a busy machine, shorter than a test's own limit.
const PATIENCE: Duration = Duration::from_secs(30);

/// A future's value, which must come in time.
#[track_caller]
pub(crate) fn within<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(value) => value,
            Err(_elapsed) => panic!("{what}: nothing within {PATIENCE:?} (waited for at {caller})"),
        }
    }
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    within(what, async move {
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while !condition() {
            tick.tick().await;
        }
    })
}

/// Waits until nothing of a runtime is under way and no place is taken.
#[track_caller]
pub(crate) fn settled(runtime: &Runtime) -> impl Future<Output = ()> + '_ {
    until("the runtime comes to rest", || {
        let stats = runtime.stats();
        stats.under_way == 0 && stats.mode.in_use == 0 && stats.mode.waiting == 0
    })
}
