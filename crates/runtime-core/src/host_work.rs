//! Work of the host's that takes long: a computation for a guest that must not hold the guest's isolate meanwhile. It
//! is a host call whose future waits for a thread. Not for input and output: that is what plain host calls are for.
//!
//! What it may take is bounded. A process runs a fixed number of such jobs at once, a request fewer, and the bytes that
//! waiting jobs hold have one limit for the process. The processor time of a request's jobs has a limit of its own,
//! [`RuntimeLimits::work_cpu_ms`](crate::RuntimeLimits::work_cpu_ms).

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::host_calls::{HostCallError, HostCalls, HostResult};
use crate::realm::RealmState;
use crate::watchdog::cpu_of_this_thread;

/// Jobs of one request that run or wait for a thread; the others wait behind these, so that no request fills the
/// process's queue.
const JOBS_OF_A_REQUEST: usize = 2;

/// The most bytes that the jobs of a process hold together.
const BYTES_HELD: usize = 256 << 20;

/// Half of the processors: the others are for turns.
static JOBS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new((processors / 2).max(1)))
});

static HELD: AtomicUsize = AtomicUsize::new(0);

/// Room for what a job holds of a guest's data, outside of the guest's memory. Given back when it is dropped.
#[derive(Debug)]
pub struct WorkRoom {
    bytes: usize,
}

impl WorkRoom {
    /// Room for so many bytes; none if the process's jobs hold too much already.
    pub fn reserve(bytes: usize) -> Option<Self> {
        let reserve = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= BYTES_HELD);
        HELD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve).ok()?;
        Some(Self { bytes })
    }
}

impl Drop for WorkRoom {
    fn drop(&mut self) {
        HELD.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What a request's jobs share.
#[derive(Debug)]
pub(crate) struct WorkAccount {
    /// Processor time of the jobs that have ended, in nanoseconds.
    used: AtomicU64,
    /// What that was when the guest had its processor time anew; see [`HostCalls::start_arrival`].
    used_before: AtomicU64,
    places: Arc<Semaphore>,
}

impl Default for WorkAccount {
    fn default() -> Self {
        Self {
            used: AtomicU64::new(0),
            used_before: AtomicU64::new(0),
            places: Arc::new(Semaphore::new(JOBS_OF_A_REQUEST)),
        }
    }
}

impl WorkAccount {
    /// The processor time of the jobs that have ended.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Gives the request's jobs their processor time anew. One that runs keeps what was left to it.
    pub(crate) fn renew(&self) {
        self.used_before.store(self.used.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// What counts against the limit.
    fn used_of_limit(&self) -> Duration {
        self.used().saturating_sub(Duration::from_nanos(self.used_before.load(Ordering::Relaxed)))
    }
}

/// A running job's view of its request.
#[derive(Debug)]
pub struct WorkTicket {
    is_dropped: Arc<AtomicBool>,
    /// What is left of the limit for the request's jobs.
    left: Option<Duration>,
    begun: Duration,
}

impl WorkTicket {
    /// A job that nobody waits for any more, or that has used all the processor time that is left for the request's
    /// jobs, should end: what it answers is of no use. Long loops ask from time to time.
    pub fn is_over(&self) -> bool {
        self.is_dropped.load(Ordering::Relaxed) || self.is_used_up()
    }

    fn is_used_up(&self) -> bool {
        self.left.is_some_and(|left| self.used() >= left)
    }

    /// The job's processor time.
    fn used(&self) -> Duration {
        cpu_of_this_thread().saturating_sub(self.begun)
    }
}

/// Tells the job that nobody waits for it any more.
struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl HostCalls {
    /// Starts a computation on a thread of the host's and gives the promise of its result. It waits for its place among
    /// the process's jobs; if the request ends first it never runs, and one that runs is told by its [`WorkTicket`].
    ///
    /// A job that uses up the processor time of the request's jobs is told to end, and later ones do not begin: the
    /// guest gets an `OperationError`.
    ///
    /// None if V8 cannot make a promise, which happens only while the turn is being terminated.
    pub fn start_work<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        job: impl FnOnce(&WorkTicket) -> HostResult + Send + 'static,
    ) -> Option<v8::Local<'s, v8::Promise>> {
        let state = RealmState::of(scope)?;
        let limit = state.limits().work_cpu();
        let account = Arc::clone(state.calls().account());
        HostCalls::start(scope, async move {
            let is_dropped = Arc::new(AtomicBool::new(false));
            let _on_drop = OnDrop(Arc::clone(&is_dropped));
            // Neither semaphore is ever closed.
            let own_place = Arc::clone(&account.places).acquire_owned().await;
            let place = Arc::clone(&JOBS).acquire_owned().await;
            let thread = tokio::task::spawn_blocking(move || {
                // The places are free when the thread is, not when nobody waits any more.
                let _places = (own_place, place);
                let left = limit.map(|limit| limit.saturating_sub(account.used_of_limit()));
                let ticket = WorkTicket { is_dropped, left, begun: cpu_of_this_thread() };
                let result = if ticket.is_over() { Err(used_up()) } else { job(&ticket) };
                let result = if ticket.is_used_up() { Err(used_up()) } else { result };
                let used = u64::try_from(ticket.used().as_nanos()).unwrap_or(u64::MAX);
                account.used.fetch_add(used, Ordering::Relaxed);
                result
            });
            thread.await.unwrap_or_else(|_| {
                // The job has panicked, or the runtime shuts down.
                Err(HostCallError::error("the host failed to perform the operation").of_the_host())
            })
        })
    }
}

fn used_up() -> HostCallError {
    HostCallError::dom("OperationError", "the processor time for the request's long operations is used up")
}
