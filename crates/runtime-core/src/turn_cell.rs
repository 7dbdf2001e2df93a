//! What a turn's two sides share: the thread that runs it and the driver that waits for it. Knows nothing of V8 but
//! the handle by which a running turn is stopped.
//!
//! Roles: the *driver* makes the cell, polls it, may ask it to stop, and may go away. The *thread* starts and ends
//! it. The *watchdog* may ask it to stop, and may declare it lost.
//!
//! ```text
//! Waiting ──start──► Running ──end──► Ended ──poll──► Taken
//!    │                  ├─panic──► Panicked ──poll──► Taken
//!    │                  └───lose──► Lost ──poll──► Taken
//!    └─ the job is dropped unrun: Dropped
//! ```
//! When the driver goes away while the turn is waiting or running, it leaves behind what must not be freed under
//! the turn (`after`); whoever ends the turn, in whichever way, drops it.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

/// Why a turn was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Cpu,
    Wall,
    Canceled,
    /// V8 ran out of memory inside the turn.
    Memory,
}

/// The turn's code panicked, with this message.
pub(crate) struct Panicked(pub(crate) String);

/// How a turn ended, for the driver.
pub(crate) enum TurnEnd<R> {
    /// It came back; if it had been told to stop, with the first reason.
    Ended(R, Option<Stop>),
    /// It did not come back: its thread was given up.
    Lost(Stop),
    /// Its code panicked: our bug.
    Panicked(Panicked),
    /// It never ran: its thread group is gone.
    NotRun,
}

/// What the watchdog may do to a turn.
pub(crate) trait TurnControl: Send + Sync {
    /// Tells the turn to stop, if it runs.
    fn stop(&self, reason: Stop);
    /// Whether it has been told to stop, by whomever.
    fn is_told_to_stop(&self) -> bool;
    /// Gives the turn up, for this reason if none was given before. Returns what must be dropped then.
    fn lose(&self, reason: Stop) -> Option<Box<dyn Any + Send>>;
}

pub(crate) struct TurnCell<R> {
    inner: Mutex<Inner<R>>,
}

struct Inner<R> {
    phase: Phase<R>,
    stop: Option<Stop>,
    waker: Option<Waker>,
    after: Option<Box<dyn Any + Send>>,
    /// The driver is gone: nobody will take the value.
    orphaned: bool,
}

enum Phase<R> {
    Waiting,
    Running(v8::IsolateHandle),
    Ended(R),
    Panicked(Panicked),
    Lost,
    Dropped,
    Taken,
}

impl<R: Send + 'static> TurnCell<R> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                phase: Phase::Waiting,
                stop: None,
                waker: None,
                after: None,
                orphaned: false,
            }),
        })
    }

    /// The thread starts the turn. False if the driver has gone: then there is nothing to run.
    pub(crate) fn start(&self, handle: v8::IsolateHandle) -> bool {
        let mut inner = self.inner.lock();
        if inner.orphaned {
            return false;
        }
        if inner.stop.is_some() {
            handle.terminate_execution();
        }
        inner.phase = Phase::Running(handle);
        true
    }

    /// The turn's code has returned: from now on it cannot be told to stop.
    pub(crate) fn seal(&self) {
        let mut inner = self.inner.lock();
        if matches!(inner.phase, Phase::Running(_)) {
            inner.phase = Phase::Waiting;
        }
    }

    /// The thread ends the turn: with its value, or with the message of its panic.
    pub(crate) fn end(&self, value: Result<R, Panicked>) {
        let (waker, dropped) = {
            let mut inner = self.inner.lock();
            if inner.orphaned {
                inner.phase = Phase::Taken;
                (None, Some((value, inner.after.take())))
            } else {
                inner.phase = match value {
                    Ok(value) => Phase::Ended(value),
                    Err(panicked) => Phase::Panicked(panicked),
                };
                (inner.waker.take(), None)
            }
        };
        drop(dropped);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Why the turn was told to stop, if it was.
    pub(crate) fn stop_reason(&self) -> Option<Stop> {
        self.inner.lock().stop
    }

    /// The job was dropped before its turn came.
    pub(crate) fn drop_unrun(&self) {
        let (waker, after) = {
            let mut inner = self.inner.lock();
            if !matches!(inner.phase, Phase::Waiting) {
                return;
            }
            inner.phase = Phase::Dropped;
            (inner.waker.take(), inner.after.take())
        };
        drop(after);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<R: Send + 'static> TurnControl for TurnCell<R> {
    fn stop(&self, reason: Stop) {
        let mut inner = self.inner.lock();
        inner.stop.get_or_insert(reason);
        if let Phase::Running(handle) = &inner.phase {
            handle.terminate_execution();
        }
    }

    fn is_told_to_stop(&self) -> bool {
        self.inner.lock().stop.is_some()
    }

    fn lose(&self, reason: Stop) -> Option<Box<dyn Any + Send>> {
        let (waker, after) = {
            let mut inner = self.inner.lock();
            // Out of memory says more than the limit that happened to be passed before.
            if reason == Stop::Memory {
                inner.stop = Some(reason);
            } else {
                inner.stop.get_or_insert(reason);
            }
            inner.phase = Phase::Lost;
            (inner.waker.take(), inner.after.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        after
    }
}

/// The driver's side of a turn: a future of its end.
///
/// # Cancel safety
/// Dropping it tells the turn to stop; what the turn still needs must have been left with [`TurnHandle::leave`].
pub(crate) struct TurnHandle<R: Send + 'static> {
    cell: Arc<TurnCell<R>>,
    done: bool,
}

impl<R: Send + 'static> TurnHandle<R> {
    pub(crate) fn new(cell: Arc<TurnCell<R>>) -> Self {
        Self { cell, done: false }
    }

    /// Tells the turn to stop; the handle is polled on until it has.
    pub(crate) fn stop(&self, reason: Stop) {
        self.cell.stop(reason);
    }

    /// Goes away: the turn is told to stop, and `after` is dropped once it has ended or been given up.
    pub(crate) fn leave(mut self, after: Box<dyn Any + Send>) {
        self.done = true;
        let now = {
            let mut inner = self.cell.inner.lock();
            inner.orphaned = true;
            inner.stop.get_or_insert(Stop::Canceled);
            match &inner.phase {
                Phase::Running(handle) => {
                    handle.terminate_execution();
                    inner.after = Some(after);
                    None
                }
                // Sealed or not started: the thread is about to end it, or will find the driver gone.
                Phase::Waiting => {
                    inner.after = Some(after);
                    None
                }
                Phase::Ended(_) => Some((std::mem::replace(&mut inner.phase, Phase::Taken), after)),
                Phase::Panicked(_) | Phase::Lost | Phase::Dropped | Phase::Taken => {
                    Some((Phase::Taken, after))
                }
            }
        };
        drop(now);
    }
}

impl<R: Send + 'static> Future for TurnHandle<R> {
    type Output = TurnEnd<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TurnEnd<R>> {
        let end = {
            let mut inner = self.cell.inner.lock();
            match std::mem::replace(&mut inner.phase, Phase::Taken) {
                Phase::Ended(value) => TurnEnd::Ended(value, inner.stop),
                Phase::Panicked(message) => TurnEnd::Panicked(message),
                Phase::Lost => TurnEnd::Lost(inner.stop.unwrap_or(Stop::Cpu)),
                Phase::Dropped => TurnEnd::NotRun,
                other => {
                    inner.phase = other;
                    if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                        inner.waker = Some(cx.waker().clone());
                    }
                    return Poll::Pending;
                }
            }
        };
        self.done = true;
        Poll::Ready(end)
    }
}

impl<R: Send + 'static> Drop for TurnHandle<R> {
    fn drop(&mut self) {
        if !self.done {
            TurnHandle { cell: Arc::clone(&self.cell), done: true }.leave(Box::new(()));
        }
    }
}
