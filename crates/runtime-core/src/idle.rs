//! When there is time for work that nobody waits for: how busy the machine is with turns, and for each group of turn
//! threads the isolates that have a wish and the steps under way. What a step does is `ahead`'s business.
//!
//! Idle work never delays a request by more than the making of one context, which cannot be stopped:
//! - a thread takes a step only when its group's queue is empty, and fewer threads run something, over all groups,
//!   than the machine has processors;
//! - a thread that has run something rests for a moment before it takes one, since requests often follow each other;
//! - a step makes a context, or evaluates one top level, and then the thread looks at its queue again;
//! - an evaluation is told to stop when a turn comes and all threads of the group are taken.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use runtime_admission::{Member, Waited};

use crate::isolate::Isolate;
use crate::turn_cell::{Stop, TurnCell, TurnControl as _};

/// How long a thread that has run something rests before it takes idle work.
pub(crate) const REST: Duration = Duration::from_micros(200);
/// How long a thread leaves idle work alone for which the machine has no time.
pub(crate) const WATCH: Duration = Duration::from_millis(2);

/// Threads, over all groups, that run something now. Those that were given up do not count.
static BUSY: AtomicUsize = AtomicUsize::new(0);

/// Whether every processor has a turn to run, or more than one.
pub(crate) fn is_machine_busy() -> bool {
    static PROCESSORS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(2, |count| count.get()));
    BUSY.load(Ordering::SeqCst) >= *PROCESSORS
}

/// A thread begins to run something.
pub(crate) fn begin() {
    BUSY.fetch_add(1, Ordering::SeqCst);
}

/// It has ended it, or was given up in it.
pub(crate) fn end() {
    BUSY.fetch_sub(1, Ordering::SeqCst);
}

/// One group's idle work. Shared by the group and its threads, and outlived by nothing: isolates are held weakly.
pub(crate) struct IdleWork {
    threads: usize,
    /// Whether a job waits for a thread of the group.
    has_jobs: Box<dyn Fn() -> bool + Send + Sync>,
    /// Threads of the group that run something now.
    busy: AtomicUsize,
    /// Threads of the group that rest.
    resting: AtomicUsize,
    /// The length of `waiting`, for threads that only want to know whether there is anything.
    waiting_count: AtomicUsize,
    waiting: Mutex<VecDeque<Weak<Isolate>>>,
    /// The length of `evaluations`.
    evaluating: AtomicUsize,
    evaluations: Mutex<Vec<Arc<TurnCell<()>>>>,
}

impl IdleWork {
    pub(crate) fn new(threads: usize, has_jobs: impl Fn() -> bool + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            threads,
            has_jobs: Box::new(has_jobs),
            busy: AtomicUsize::new(0),
            resting: AtomicUsize::new(0),
            waiting_count: AtomicUsize::new(0),
            waiting: Mutex::default(),
            evaluating: AtomicUsize::new(0),
            evaluations: Mutex::default(),
        })
    }

    /// A thread of the group begins a job or a step.
    pub(crate) fn begin(&self) {
        begin();
        self.busy.fetch_add(1, Ordering::SeqCst);
    }

    /// It has ended it, or was given up in it.
    pub(crate) fn end(&self) {
        end();
        self.busy.fetch_sub(1, Ordering::SeqCst);
    }

    /// Takes an isolate with a wish in. True if a thread must be woken to see it: none would look by itself.
    ///
    /// Either this sees that a thread has ended what it ran, or its rest, or that thread, which looks for idle work
    /// after that, sees the isolate: both sides write before they read. As long as something waits, one of the threads
    /// that run nothing looks at it from time to time.
    pub(crate) fn add(&self, isolate: Weak<Isolate>) -> bool {
        let mut waiting = self.waiting.lock();
        waiting.push_back(isolate);
        self.waiting_count.store(waiting.len(), Ordering::SeqCst);
        drop(waiting);
        self.resting.load(Ordering::SeqCst) == 0 && self.busy.load(Ordering::SeqCst) < self.threads
    }

    /// Whether something waits for which there is no time, and no other thread looks after it.
    pub(crate) fn must_be_watched(&self) -> bool {
        self.waiting_count.load(Ordering::SeqCst) > 0 && self.resting.load(Ordering::SeqCst) == 0
    }

    /// Waits for a job for a moment, after which the caller looks for idle work.
    pub(crate) fn rest<J>(&self, jobs: &Member<J>, time: Duration) -> Waited<J> {
        self.resting.fetch_add(1, Ordering::SeqCst);
        let next = jobs.recv_timeout(time);
        self.resting.fetch_sub(1, Ordering::SeqCst);
        next
    }

    /// The next isolate to do a step in, if there is time for one.
    pub(crate) fn next(&self) -> Option<Arc<Isolate>> {
        while self.waiting_count.load(Ordering::SeqCst) > 0 && !is_machine_busy() {
            let isolate = {
                let mut waiting = self.waiting.lock();
                let isolate = waiting.pop_front();
                self.waiting_count.store(waiting.len(), Ordering::SeqCst);
                isolate
            };
            if let Some(isolate) = isolate.and_then(|isolate| isolate.upgrade()) {
                return Some(isolate);
            }
        }
        None
    }

    /// An evaluation begins, which may be stopped to make room; at once, if a job has come meanwhile.
    ///
    /// Either this sees the job, or whoever has sent it sees the evaluation.
    pub(crate) fn begin_evaluation(&self, cell: &Arc<TurnCell<()>>) {
        let mut evaluations = self.evaluations.lock();
        evaluations.push(Arc::clone(cell));
        self.evaluating.store(evaluations.len(), Ordering::SeqCst);
        drop(evaluations);
        fence(Ordering::SeqCst);
        if (self.has_jobs)() {
            cell.stop(Stop::Canceled);
        }
    }

    /// It has ended.
    pub(crate) fn end_evaluation(&self, cell: &Arc<TurnCell<()>>) {
        let mut evaluations = self.evaluations.lock();
        evaluations.retain(|known| !Arc::ptr_eq(known, cell));
        self.evaluating.store(evaluations.len(), Ordering::SeqCst);
    }

    /// A job has been sent: an evaluation is given up if that is the way to a thread for it.
    pub(crate) fn make_room(&self) {
        fence(Ordering::SeqCst);
        if self.evaluating.load(Ordering::SeqCst) == 0 {
            return;
        }
        if self.busy.load(Ordering::SeqCst) < self.threads && !is_machine_busy() {
            return;
        }
        // Taken out, so that the next turn stops another one, and one whose thread was lost does not stay.
        let given_up = {
            let mut evaluations = self.evaluations.lock();
            let given_up = evaluations.pop();
            self.evaluating.store(evaluations.len(), Ordering::SeqCst);
            given_up
        };
        if let Some(cell) = given_up {
            cell.stop(Stop::Canceled);
        }
    }
}
