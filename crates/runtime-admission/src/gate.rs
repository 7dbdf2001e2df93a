//! A fair lock for one isolate that is waited for by futures or callbacks, to stand before V8's own
//! lock, which has neither timeout nor fairness. It protects no value and knows no clock: a caller
//! that will not wait for ever wraps the future in its own timer and drops it.
//!
//! # Protocol
//!
//! The gate is *held* while a [`GatePass`] exists, or while one is *granted*: reserved for a future
//! that has not been polled since. All state is behind one mutex. A release moves the gate straight
//! to the head of the queue, so that at no moment it is free while somebody waits, and nobody can
//! barge in between a release and a wake-up. Wakers and callbacks run outside of the mutex.
//!
//! | waiter | queued by | granted by | leaves early by |
//! |---|---|---|---|
//! | [`Enter`] | [`FairGate::enter`] | the releasing thread sets `granted`, then wakes | its drop, which hands an unused grant on |
//! | callback | [`FairGate::enqueue`] | the releasing thread calls it with the pass | [`Ticket::cancel`] |

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hashlink::LinkedHashMap;

use crate::sync::{Mutex, thread_local};

/// What [`FairGate::enqueue`] calls when the gate is the caller's.
type OnGrant = Box<dyn FnOnce(GatePass) + Send>;

/// A lock that is granted strictly in the order of asking. Clones are handles to the same gate.
///
/// # Examples
///
/// ```
/// use runtime_admission::FairGate;
///
/// let gate = FairGate::new();
/// let pass = gate.try_enter().expect("nobody is inside");
/// assert!(gate.try_enter().is_none());
/// let (sender, receiver) = std::sync::mpsc::channel();
/// gate.enqueue(Box::new(move |pass| sender.send(pass).expect("the receiver lives")));
/// drop(pass);
/// let _inside = receiver.try_recv().expect("the release has handed the gate on");
/// ```
#[derive(Clone)]
pub struct FairGate(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
}

struct State {
    /// A pass exists or is granted. If it is false, the queue is empty.
    held: bool,
    /// The future that holds the gate without having been polled since.
    granted: Option<u64>,
    /// The holder will never leave; see [`FairGate::abandon`].
    is_abandoned: bool,
    /// Identifies the next waiter; never reused.
    next_id: u64,
    /// Who waits, in the order of asking.
    queue: LinkedHashMap<u64, Waiter>,
}

enum Waiter {
    /// A future, with the waker of its last poll, if there was one.
    Future(Option<Waker>),
    Callback(OnGrant),
}

/// What the releasing thread has to do after it has left the mutex.
enum Next {
    Nobody,
    Wake(Option<Waker>),
    Call(OnGrant),
}

impl State {
    fn enter_if_free(&mut self) -> bool {
        !std::mem::replace(&mut self.held, true)
    }

    fn enqueue(&mut self, waiter: Waiter) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.queue.insert(id, waiter);
        id
    }

    /// Moves the gate from who has it to the head of the queue.
    fn hand_on(&mut self) -> Next {
        debug_assert!(self.held && self.granted.is_none(), "the gate is handed on by its one holder");
        match self.queue.pop_front() {
            Some((id, Waiter::Future(waker))) => {
                self.granted = Some(id);
                Next::Wake(waker)
            }
            Some((_, Waiter::Callback(on_grant))) => Next::Call(on_grant),
            None => {
                self.held = false;
                Next::Nobody
            }
        }
    }
}

impl Default for FairGate {
    fn default() -> Self {
        Self::new()
    }
}

impl FairGate {
    /// A gate that nobody holds.
    #[must_use]
    pub fn new() -> Self {
        let state = State {
            held: false,
            granted: None,
            is_abandoned: false,
            next_id: 0,
            queue: LinkedHashMap::new(),
        };
        Self(Arc::new(Shared { state: Mutex::new(state) }))
    }

    /// Enters if the gate is free; a gate that somebody waits for is never free.
    #[must_use]
    pub fn try_enter(&self) -> Option<GatePass> {
        let entered = self.0.state.lock().enter_if_free();
        entered.then(|| GatePass(Arc::clone(&self.0)))
    }

    /// Enters when everybody who asked before has left. The place in the queue is taken by this
    /// call, not by the first poll, and a free gate is entered at once: the future then holds it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the queue, or hands the gate on if it had been granted.
    pub fn enter(&self) -> Enter {
        let mut state = self.0.state.lock();
        if state.enter_if_free() {
            drop(state);
            return Enter { phase: Phase::Inside(GatePass(Arc::clone(&self.0))) };
        }
        let id = state.enqueue(Waiter::Future(None));
        drop(state);
        Enter { phase: Phase::Waiting(Arc::clone(&self.0), id) }
    }

    /// Calls `on_grant` with the pass when everybody who asked before has left: before this returns
    /// if the gate is free, otherwise on the thread that releases it, outside of any lock of the
    /// gate.
    ///
    /// The callback is meant to send the pass to where it is used. It must not block, since it runs
    /// on a stranger's thread, and a callback that becomes due while another one runs on the same
    /// thread (because that one dropped a pass, or asked for a free gate) is called when that one
    /// has returned. So a chain of callbacks does not grow the stack.
    ///
    /// # Panics
    ///
    /// A panic of the callback surfaces on the thread that called it, from the drop of a pass or
    /// from this function, after every other callback that was due there has been called; if that
    /// thread is unwinding already, the panic is swallowed. The gate stays usable.
    pub fn enqueue(&self, on_grant: OnGrant) -> Ticket {
        let mut state = self.0.state.lock();
        let shared = Arc::clone(&self.0);
        if !state.is_abandoned && state.enter_if_free() {
            let id = state.next_id;
            state.next_id += 1;
            drop(state);
            deliver(on_grant, GatePass(Arc::clone(&self.0)));
            return Ticket { shared, id };
        }
        if state.is_abandoned {
            let id = state.next_id;
            state.next_id += 1;
            drop(state);
            drop(on_grant);
            return Ticket { shared, id };
        }
        let id = state.enqueue(Waiter::Callback(on_grant));
        Ticket { shared, id }
    }

    /// The holder will never leave, or nobody may enter after it: callbacks that wait are dropped uncalled, those
    /// that come later at once. Futures go on waiting; whoever polls them has to know. Idempotent.
    ///
    /// A callback learns of this by its drop, so one that somebody waits for owns something that tells.
    pub fn abandon(&self) {
        let dropped: Vec<Waiter> = {
            let mut state = self.0.state.lock();
            state.is_abandoned = true;
            let ids: Vec<u64> = state
                .queue
                .iter()
                .filter(|(_, waiter)| matches!(waiter, Waiter::Callback(_)))
                .map(|(id, _)| *id)
                .collect();
            ids.iter().filter_map(|id| state.queue.remove(id)).collect()
        };
        drop(dropped);
    }

    /// The number of those that wait; who has been granted the gate does not count.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.state.lock().queue.len()
    }
}

impl fmt::Debug for FairGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state.lock();
        f.debug_struct("FairGate")
            .field("held", &state.held)
            .field("waiting", &state.queue.len())
            .finish_non_exhaustive()
    }
}

/// The right to be inside. Dropping it hands the gate directly to who has waited longest; with a
/// callback waiting, that is where the callback runs.
#[must_use = "dropping the pass leaves the gate"]
pub struct GatePass(Arc<Shared>);

impl Drop for GatePass {
    fn drop(&mut self) {
        let next = self.0.state.lock().hand_on();
        match next {
            Next::Nobody | Next::Wake(None) => {}
            Next::Wake(Some(waker)) => waker.wake(),
            Next::Call(on_grant) => deliver(on_grant, GatePass(Arc::clone(&self.0))),
        }
    }
}

impl fmt::Debug for GatePass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatePass").finish_non_exhaustive()
    }
}

/// The future of [`FairGate::enter`].
#[must_use = "a gate is entered by awaiting this; it holds a place in the queue meanwhile"]
pub struct Enter {
    phase: Phase,
}

enum Phase {
    Inside(GatePass),
    Waiting(Arc<Shared>, u64),
    Done,
}

impl Future for Enter {
    type Output = GatePass;

    /// # Panics
    ///
    /// If it is polled again after it has given the pass.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<GatePass> {
        if let Phase::Waiting(shared, id) = &self.phase {
            let mut state = shared.state.lock();
            if state.granted != Some(*id) {
                let Some(Waiter::Future(waker)) = state.queue.get_mut(id) else {
                    unreachable!("a future that waits is in the queue until it is granted the gate")
                };
                // The old waker is dropped outside of the mutex: it may own a task, and the task a pass.
                let stale = match waker {
                    Some(waker) if waker.will_wake(context.waker()) => None,
                    _ => waker.replace(context.waker().clone()),
                };
                drop(state);
                drop(stale);
                return Poll::Pending;
            }
            state.granted = None;
        }
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Inside(pass) => Poll::Ready(pass),
            Phase::Waiting(shared, _) => Poll::Ready(GatePass(shared)),
            Phase::Done => panic!("`Enter` was polled after it had given its pass"),
        }
    }
}

impl Drop for Enter {
    fn drop(&mut self) {
        let Phase::Waiting(shared, id) = std::mem::replace(&mut self.phase, Phase::Done) else {
            return;
        };
        let mut state = shared.state.lock();
        if state.granted == Some(id) {
            state.granted = None;
            drop(state);
            drop(GatePass(shared));
        } else {
            let waiter = state.queue.remove(&id);
            drop(state);
            drop(waiter);
        }
    }
}

impl fmt::Debug for Enter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase {
            Phase::Inside(_) => "inside",
            Phase::Waiting(..) => "waiting",
            Phase::Done => "done",
        };
        f.debug_struct("Enter").field("phase", &phase).finish()
    }
}

/// A callback's place in the queue. Dropping it changes nothing: the callback stays.
pub struct Ticket {
    shared: Arc<Shared>,
    id: u64,
}

impl Ticket {
    /// Takes the callback out of the queue and drops it; false if it has been granted the gate
    /// (and has been called, is being called, or is about to be), or was canceled before.
    pub fn cancel(&self) -> bool {
        let waiter = self.shared.state.lock().queue.remove(&self.id);
        waiter.is_some()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).finish_non_exhaustive()
    }
}

thread_local! {
    /// The callbacks that became due while one runs on this thread; `None` while none runs.
    static DUE: RefCell<Option<VecDeque<(OnGrant, GatePass)>>> = RefCell::default();
}

/// Calls `on_grant`, or leaves it to the outermost call of this function on this thread.
fn deliver(on_grant: OnGrant, pass: GatePass) {
    let mut next = Some((on_grant, pass));
    let outermost = DUE.try_with(|due| match &mut *due.borrow_mut() {
        Some(due) => {
            due.extend(next.take());
            false
        }
        none => {
            *none = Some(VecDeque::new());
            true
        }
    });
    let mut first_panic: Option<Box<dyn Any + Send>> = None;
    while let Some((on_grant, pass)) = next {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| on_grant(pass))) {
            first_panic.get_or_insert(panic);
        }
        // A thread that is past its thread-locals' end calls only the one that it was given.
        next = DUE.try_with(|due| due.borrow_mut().as_mut().and_then(VecDeque::pop_front)).ok().flatten();
    }
    if matches!(outermost, Ok(true)) {
        // Fails only when the thread has destroyed the list, which then needs no reset.
        let _ = DUE.try_with(|due| due.borrow_mut().take());
    }
    if let Some(panic) = first_panic
        && !std::thread::panicking()
    {
        resume_unwind(panic);
    }
}
