//! V8's foreground tasks: what V8 wants run on an isolate's own thread (a finished WebAssembly compilation,
//! finalisation callbacks). Each isolate has a queue; a posted task wakes whoever drives that isolate, and the next
//! turn runs it. Tasks never run anywhere else.
//!
//! An isolate can have several requests under way, and V8 does not say whose task it is. Whoever's turn comes first runs
//! all of them, and what they settle may be another request's. So every run counts as a *round*, and each request looks
//! after its own context again when there was a round since its last turn.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, LazyLock};
use std::task::Waker;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use parking_lot::Mutex;

/// The queues of all isolates alive, by V8's address of the isolate.
static QUEUES: LazyLock<DashMap<usize, Arc<ForegroundTasks>>> = LazyLock::new(DashMap::new);

/// One isolate's tasks.
#[derive(Default)]
pub(crate) struct ForegroundTasks {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    ready: VecDeque<v8::Task>,
    delayed: Vec<(Instant, v8::Task)>,
    wakers: Vec<Waker>,
    /// How many times tasks were taken out to be run.
    rounds: u64,
}

impl ForegroundTasks {
    /// The queue for a new isolate. Tasks that V8 posted while making the isolate are in it.
    pub(crate) fn register(isolate: usize) -> Arc<Self> {
        QUEUES.entry(isolate).or_default().clone()
    }

    /// Forgets the queue of an isolate that has been disposed of; tasks still in it are dropped unrun.
    pub(crate) fn unregister(isolate: usize, queue: &Arc<Self>) {
        QUEUES.remove_if(&isolate, |_, registered| Arc::ptr_eq(registered, queue));
        let inner = std::mem::take(&mut *queue.inner.lock());
        drop(inner);
    }

    fn post(&self, task: v8::Task, delay: Option<Duration>) {
        let wakers = {
            let mut inner = self.inner.lock();
            match delay {
                None => inner.ready.push_back(task),
                // Delayed tasks are housekeeping of the collector: the next turn after their time runs them.
                Some(delay) => {
                    inner.delayed.push((Instant::now() + delay, task));
                    return;
                }
            }
            std::mem::take(&mut inner.wakers)
        };
        for waker in wakers {
            waker.wake();
        }
    }

    /// Whether a task is ready, or some were run since the round `seen`; if not, `waker` is woken when that is so.
    pub(crate) fn poll_ready(&self, waker: &Waker, seen: u64) -> bool {
        let mut inner = self.inner.lock();
        if !inner.ready.is_empty() || inner.rounds != seen {
            return true;
        }
        if !inner.wakers.iter().any(|known| known.will_wake(waker)) {
            inner.wakers.push(waker.clone());
        }
        false
    }

    /// The last round. A turn that is about to end has seen it: tasks run under the isolate's lock.
    pub(crate) fn rounds(&self) -> u64 {
        self.inner.lock().rounds
    }

    /// Takes the tasks that may run now. The caller holds the isolate's lock and runs them before it lets go.
    pub(crate) fn take_ready(&self) -> VecDeque<v8::Task> {
        let mut inner = self.inner.lock();
        if !inner.delayed.is_empty() {
            let now = Instant::now();
            let mut index = 0;
            while index < inner.delayed.len() {
                if inner.delayed[index].0 <= now {
                    let (_, task) = inner.delayed.swap_remove(index);
                    inner.ready.push_back(task);
                } else {
                    index += 1;
                }
            }
        }
        let ready = std::mem::take(&mut inner.ready);
        let mut wakers = Vec::new();
        if !ready.is_empty() {
            inner.rounds += 1;
            // Those who came after the tasks were posted, or wait while delayed ones are run.
            wakers = std::mem::take(&mut inner.wakers);
        }
        drop(inner);
        for waker in wakers {
            waker.wake();
        }
        ready
    }
}

/// The platform's half of it: V8 calls this from any thread.
pub(crate) struct ForegroundPlatform;

impl ForegroundPlatform {
    fn post(isolate: *mut c_void, task: v8::Task, delay: Option<Duration>) {
        let queue = QUEUES.entry(isolate as usize).or_default().clone();
        queue.post(task, delay);
    }
}

impl v8::PlatformImpl for ForegroundPlatform {
    fn post_task(&self, isolate: *mut c_void, task: v8::Task) {
        Self::post(isolate, task, None);
    }

    fn post_non_nestable_task(&self, isolate: *mut c_void, task: v8::Task) {
        Self::post(isolate, task, None);
    }

    fn post_delayed_task(&self, isolate: *mut c_void, task: v8::Task, delay_in_seconds: f64) {
        Self::post(isolate, task, Some(delay(delay_in_seconds)));
    }

    fn post_non_nestable_delayed_task(&self, isolate: *mut c_void, task: v8::Task, delay_in_seconds: f64) {
        Self::post(isolate, task, Some(delay(delay_in_seconds)));
    }

    fn post_idle_task(&self, _isolate: *mut c_void, _task: v8::IdleTask) {
        // Idle tasks are hints; the platform is made without support for them, so V8 posts none.
    }
}

fn delay(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}
