//! The future of [`Slots::acquire`]: one place in a queue, or the answer that was there at once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::config::AcquireError;
use super::lease::Lease;
use super::state::{Polled, WaiterIndex, Withdrawn};
use super::wakes::Wakes;
use super::{SlotKey, SlotResource, Slots};

/// The future of [`Slots::acquire`].
#[must_use = "a place is taken by awaiting this; it holds one, or one in the queue, meanwhile"]
pub struct Acquire<K: SlotKey, R: SlotResource> {
    phase: Phase<K, R>,
}

enum Phase<K: SlotKey, R: SlotResource> {
    Ready(Result<Lease<K, R>, AcquireError>),
    Waiting(Slots<K, R>, WaiterIndex),
    Done,
}

/// Nothing in here is ever pinned.
impl<K: SlotKey, R: SlotResource> Unpin for Acquire<K, R> {}

impl<K: SlotKey, R: SlotResource> Acquire<K, R> {
    pub(super) fn ready(answer: Result<Lease<K, R>, AcquireError>) -> Self {
        Self { phase: Phase::Ready(answer) }
    }

    pub(super) fn waiting(slots: Slots<K, R>, waiter: WaiterIndex) -> Self {
        Self { phase: Phase::Waiting(slots, waiter) }
    }

    /// Whether the answer was not there at once and the wait has not ended with a poll; for callers
    /// that measure the time in the queue.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        matches!(self.phase, Phase::Waiting(..))
    }
}

impl<K: SlotKey, R: SlotResource> Future for Acquire<K, R> {
    type Output = Result<Lease<K, R>, AcquireError>;

    /// # Panics
    ///
    /// If it is polled again after it has given its answer.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Ready(answer) => Poll::Ready(answer),
            Phase::Waiting(slots, waiter) => {
                let polled = slots.0.lock().poll(waiter, context.waker());
                match polled {
                    Polled::Pending(_stale) => {
                        self.phase = Phase::Waiting(slots, waiter);
                        Poll::Pending
                    }
                    Polled::Granted(grant) => Poll::Ready(Ok(Lease::new(slots, grant))),
                    Polled::Refused => Poll::Ready(Err(AcquireError::Closed)),
                }
            }
            Phase::Done => panic!("`Acquire` was polled after it had given its answer"),
        }
    }
}

impl<K: SlotKey, R: SlotResource> Drop for Acquire<K, R> {
    fn drop(&mut self) {
        let Phase::Waiting(slots, waiter) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let mut wakes = Wakes::default();
        let withdrawn = slots.0.lock().withdraw(waiter, &mut wakes);
        wakes.wake();
        match withdrawn {
            Some(Withdrawn::Granted(grant)) => drop(Lease::new(slots, grant)),
            Some(Withdrawn::Waited { .. }) | None => {}
        }
    }
}

impl<K: SlotKey, R: SlotResource> fmt::Debug for Acquire<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::Ready(Ok(_)) => "granted",
            Phase::Ready(Err(_)) => "refused",
            Phase::Waiting(..) => "waiting",
            Phase::Done => "done",
        };
        f.debug_struct("Acquire").field("phase", &phase).finish()
    }
}
