//! Polling by hand: futures are driven step by step, so that tests choose every interleaving.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use runtime_admission::{AcquireError, Lease, SlotKey, SlotResource, Slots, SlotsConfig};

/// A waker that counts how often it was woken.
#[derive(Default)]
pub(crate) struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A future with a waker of its own.
pub(crate) struct Task<F> {
    future: F,
    woken: Arc<Woken>,
}

impl<F: Future + Unpin> Task<F> {
    /// Polls the new future once, like an executor that is given a task.
    pub(crate) fn start(future: F) -> (Self, Poll<F::Output>) {
        let mut task = Self { future, woken: Arc::default() };
        let first = task.poll();
        (task, first)
    }

    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.woken));
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&waker))
    }

    /// Forgets the wake-ups so far.
    pub(crate) fn rearm(&mut self) {
        self.woken.0.store(0, Ordering::SeqCst);
    }

    pub(crate) fn into_inner(self) -> F {
        self.future
    }

    pub(crate) fn wakes(&self) -> usize {
        self.woken.0.load(Ordering::SeqCst)
    }
}

/// A future that has to wait.
#[track_caller]
pub(crate) fn waits<F: Future + Unpin>(future: F) -> Task<F> {
    let (task, first) = Task::start(future);
    assert!(first.is_pending(), "expected the future to wait");
    task
}

/// A future that has its answer at the first poll.
#[track_caller]
pub(crate) fn at_once<F: Future + Unpin>(future: F) -> F::Output {
    match Task::start(future).1 {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("expected the answer at the first poll"),
    }
}

/// A task that has been woken exactly once, and whose answer is there.
#[track_caller]
pub(crate) fn woken<F: Future + Unpin>(mut task: Task<F>) -> F::Output {
    assert_eq!(task.wakes(), 1, "expected exactly one wake-up");
    match task.poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("woken, but with no answer"),
    }
}

/// A lease by whose first poll the place was there; new slots are filled.
#[track_caller]
pub(crate) fn lease<K: SlotKey, R: SlotResource>(slots: &Slots<K, R>, key: K, resource: R) -> Lease<K, R> {
    filled(at_once(slots.acquire(&key)), resource)
}

#[track_caller]
pub(crate) fn filled<K: SlotKey, R: SlotResource>(
    answer: Result<Lease<K, R>, AcquireError>,
    resource: R,
) -> Lease<K, R> {
    let mut lease = answer.expect("expected to be admitted");
    if lease.resource().is_none() {
        lease.fill(resource);
    }
    lease
}

/// Bounds that no test meets unless it sets them.
pub(crate) fn roomy(capacity: usize) -> SlotsConfig {
    SlotsConfig { capacity, per_key: None, users_per_slot: 1, queue_per_key: 100, queue_total: 1000 }
}
