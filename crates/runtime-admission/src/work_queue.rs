//! A queue of jobs for a group of threads which keeps no more of them awake than there is use for. What a job does,
//! and who starts the threads, is not known here.
//!
//! # Why not a channel
//!
//! A channel wakes a sleeping receiver for every message. With more threads than processors and jobs of some
//! microseconds that is a thread switch a job, and the threads take the processor from those who wait for the jobs'
//! results. Here a job that comes while enough threads are awake is left to these, which find it when they have ended
//! what they do, without any wake-up. The threads beyond are for jobs that take long: one that is said to be *long*
//! does not count, so that another thread takes its place.
//!
//! # Protocol
//!
//! A **member** is a thread that takes jobs. It is *asleep* (in `asleep`, and parked) or *awake*; awake members may
//! be inside a *long* job. All state is behind one mutex.
//!
//! | transition | by |
//! |---|---|
//! | awake → asleep | the member, in [`WorkQueue::recv`], having found no job under the mutex |
//! | asleep → awake | [`WorkQueue::send`] or [`WorkQueue::begin_long`], if fewer than `wanted` members are awake and not in a long job; then, outside of the mutex, unparks it |
//! | asleep → awake | the member itself, when its time in [`WorkQueue::recv_timeout`] is over |
//!
//! **Nobody is forgotten.** A job is in the queue while no member is about to look for it only if `wanted` members are
//! awake and not in a long job, or nobody is asleep. Each of those looks under the mutex before it sleeps.
//!
//! The member that fell asleep last is woken first: what it works on is still in its processor's cache.

use std::collections::VecDeque;
#[cfg(not(loom))]
use std::time::{Duration, Instant};

use crate::sync::{AtomicBool, AtomicUsize, Mutex, Ordering, Thread, current_thread, park};
use std::sync::Arc;

/// A queue of jobs, first come, first served, for a group of threads.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use runtime_admission::WorkQueue;
///
/// let queue = Arc::new(WorkQueue::new(2));
/// let member = queue.join();
/// queue.send(1);
/// queue.send(2);
/// queue.close();
/// assert_eq!((member.recv(), member.recv(), member.recv()), (Some(1), Some(2), None));
/// ```
pub struct WorkQueue<J> {
    state: Mutex<State<J>>,
    /// The number of jobs, for those who only want to know whether there is one.
    count: AtomicUsize,
    wanted: usize,
}

struct State<J> {
    jobs: VecDeque<J>,
    asleep: Vec<Arc<Sleeper>>,
    /// Members that are not asleep, those in long jobs included.
    awake: usize,
    long: usize,
    is_closed: bool,
}

struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Sleeper {
    fn wake(&self) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

impl<J> State<J> {
    /// Who is to be woken for a job that waits, if anybody: counted as awake from now on.
    fn relief(&mut self, wanted: usize) -> Option<Arc<Sleeper>> {
        if self.jobs.is_empty() || self.awake - self.long >= wanted {
            return None;
        }
        let sleeper = self.asleep.pop()?;
        self.awake += 1;
        Some(sleeper)
    }
}

impl<J> WorkQueue<J> {
    /// An empty queue that keeps `wanted` members awake while there is something to do (at least one).
    #[must_use]
    pub fn new(wanted: usize) -> Self {
        let state = State { jobs: VecDeque::new(), asleep: Vec::new(), awake: 0, long: 0, is_closed: false };
        Self { state: Mutex::new(state), count: AtomicUsize::new(0), wanted: wanted.max(1) }
    }

    /// Makes the calling thread a member, awake, until the membership is dropped.
    pub fn join(self: &Arc<Self>) -> Member<J> {
        self.state.lock().awake += 1;
        let sleeper = Sleeper { thread: current_thread(), is_woken: AtomicBool::new(false) };
        Member { queue: Arc::clone(self), sleeper: Arc::new(sleeper), is_counted: true }
    }

    /// Adds a job at the end. It is given to a member also if the queue is closed, as long as there is one.
    pub fn send(&self, job: J) {
        let mut state = self.state.lock();
        state.jobs.push_back(job);
        self.count.store(state.jobs.len(), Ordering::Release);
        let relief = state.relief(self.wanted);
        drop(state);
        if let Some(sleeper) = relief {
            sleeper.wake();
        }
    }

    /// Whether no job waits, as of a moment ago.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Members who sleep end when there are no more jobs, and nobody sleeps from now on.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let asleep = std::mem::take(&mut state.asleep);
        state.awake += asleep.len();
        drop(state);
        for sleeper in asleep {
            sleeper.wake();
        }
    }

    /// A member's job takes long: another thread may take its place. To be followed by one
    /// [`end_long`](Self::end_long), or one [`lose_member`](Self::lose_member).
    pub fn begin_long(&self) {
        let mut state = self.state.lock();
        state.long += 1;
        let relief = state.relief(self.wanted);
        drop(state);
        if let Some(sleeper) = relief {
            sleeper.wake();
        }
    }

    /// It has ended.
    pub fn end_long(&self) {
        self.state.lock().long -= 1;
    }

    /// A member will not come back from its job; its [`Member`] may be forgotten, or dropped after
    /// [`Member::leave_as_lost`].
    pub fn lose_member(&self, is_long: bool) {
        let mut state = self.state.lock();
        state.awake -= 1;
        state.long -= usize::from(is_long);
        let relief = state.relief(self.wanted);
        drop(state);
        if let Some(sleeper) = relief {
            sleeper.wake();
        }
    }

    fn pop(&self, state: &mut State<J>) -> Option<J> {
        let job = state.jobs.pop_front()?;
        self.count.store(state.jobs.len(), Ordering::Release);
        Some(job)
    }
}

impl<J> std::fmt::Debug for WorkQueue<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.state.lock();
        f.debug_struct("WorkQueue")
            .field("jobs", &state.jobs.len())
            .field("awake", &state.awake)
            .field("long", &state.long)
            .field("asleep", &state.asleep.len())
            .finish_non_exhaustive()
    }
}

/// A thread's membership; not to be taken to another thread.
#[derive(Debug)]
pub struct Member<J> {
    queue: Arc<WorkQueue<J>>,
    sleeper: Arc<Sleeper>,
    /// Whether the queue counts this member as awake. False once it is lost.
    is_counted: bool,
}

impl std::fmt::Debug for Sleeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sleeper").finish_non_exhaustive()
    }
}

impl<J> Member<J> {
    /// The next job, if one waits.
    pub fn try_recv(&self) -> Option<J> {
        if self.queue.is_empty() {
            return None;
        }
        self.queue.pop(&mut self.queue.state.lock())
    }

    /// The next job, waiting for one. None when the queue is closed and empty.
    pub fn recv(&self) -> Option<J> {
        loop {
            self.look_out();
            match self.job_or_sleep() {
                Turn::Job(job) => return Some(job),
                Turn::Closed => return None,
                Turn::Asleep => {
                    while !self.sleeper.is_woken.load(Ordering::Acquire) {
                        park();
                    }
                }
            }
        }
    }

    /// The next job, waiting for one no longer than this. [`Waited::Closed`] when the queue is closed and empty.
    #[cfg(not(loom))]
    pub fn recv_timeout(&self, patience: Duration) -> Waited<J> {
        let deadline = Instant::now() + patience;
        self.look_out();
        loop {
            match self.job_or_sleep() {
                Turn::Job(job) => return Waited::Job(job),
                Turn::Closed => return Waited::Closed,
                Turn::Asleep => {}
            }
            while !self.sleeper.is_woken.load(Ordering::Acquire) {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::park_timeout(left);
            }
            let mut state = self.queue.state.lock();
            let position = state.asleep.iter().position(|sleeper| Arc::ptr_eq(sleeper, &self.sleeper));
            // Not there: somebody has woken this member, for a job that another may have taken since.
            if let Some(position) = position {
                state.asleep.remove(position);
                state.awake += 1;
                return Waited::InVain;
            }
            drop(state);
            // Its waking is under way, and must not be taken for that of a later sleep.
            while !self.sleeper.is_woken.load(Ordering::Acquire) {
                park();
            }
        }
    }

    /// This member was given up by [`WorkQueue::lose_member`], and ends: it is not counted out a second time.
    pub fn leave_as_lost(mut self) {
        self.is_counted = false;
    }

    /// Waits for a job for some microseconds, awake: where one follows the other this spares two changes of threads.
    fn look_out(&self) {
        #[cfg(not(loom))]
        {
            let backoff = crossbeam_utils::Backoff::new();
            while self.queue.is_empty() && !backoff.is_completed() {
                backoff.snooze();
            }
        }
    }

    fn job_or_sleep(&self) -> Turn<J> {
        let mut state = self.queue.state.lock();
        if let Some(job) = self.queue.pop(&mut state) {
            return Turn::Job(job);
        }
        if state.is_closed {
            return Turn::Closed;
        }
        self.sleeper.is_woken.store(false, Ordering::Relaxed);
        state.asleep.push(Arc::clone(&self.sleeper));
        state.awake -= 1;
        Turn::Asleep
    }
}

impl<J> Drop for Member<J> {
    fn drop(&mut self) {
        if self.is_counted {
            // A long job that unwinds is counted out by who had counted it in.
            self.queue.state.lock().awake -= 1;
        }
    }
}

enum Turn<J> {
    Job(J),
    Closed,
    Asleep,
}

/// What came of [`Member::recv_timeout`].
#[derive(Debug, PartialEq, Eq)]
pub enum Waited<J> {
    /// A job.
    Job(J),
    /// The time is over.
    InVain,
    /// The queue is closed and empty.
    Closed,
}
