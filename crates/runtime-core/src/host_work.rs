//! Work of the host's that takes long: a computation for a guest that must not hold the guest's isolate meanwhile. It
//! is a host call whose future waits for a thread. Not for input and output: that is what plain host calls are for.
//!
//! What it may take is bounded. A process runs a fixed number of such jobs at once, a request fewer, and the bytes that
//! waiting jobs hold have one limit for the process. The processor time of a job is the request's: see
//! [`HostCalls::start_work`].

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
    /// Processor time of finished jobs that nobody has charged to the request yet, in nanoseconds.
    uncharged: AtomicU64,
    places: Arc<Semaphore>,
}

impl Default for WorkAccount {
    fn default() -> Self {
        Self { uncharged: AtomicU64::new(0), places: Arc::new(Semaphore::new(JOBS_OF_A_REQUEST)) }
    }
}

impl WorkAccount {
    /// The processor time since the last call.
    pub(crate) fn take(&self) -> Duration {
        Duration::from_nanos(self.uncharged.swap(0, Ordering::Relaxed))
    }
}

/// A running job's view of its request.
#[derive(Debug)]
pub struct WorkTicket {
    is_dropped: Arc<AtomicBool>,
    cpu_limit: Option<Duration>,
    begun: Duration,
}

impl WorkTicket {
    /// A job that nobody waits for any more, or that has used the processor time of its request, should end: what it
    /// answers is of no use. Long loops ask from time to time.
    pub fn is_over(&self) -> bool {
        self.is_dropped.load(Ordering::Relaxed) || self.cpu_limit.is_some_and(|limit| self.used() >= limit)
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
    /// Its processor time counts as the request's: once it is over, with the turn that delivers the result; and a job
    /// that alone takes as much as the request may is told to end.
    ///
    /// None if V8 cannot make a promise, which happens only while the turn is being terminated.
    pub fn start_work<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        job: impl FnOnce(&WorkTicket) -> HostResult + Send + 'static,
    ) -> Option<v8::Local<'s, v8::Promise>> {
        let state = RealmState::of(scope)?;
        let cpu_limit = state.limits().cpu();
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
                let ticket = WorkTicket { is_dropped, cpu_limit, begun: cpu_of_this_thread() };
                let result = if ticket.is_over() { Err(failed()) } else { job(&ticket) };
                let used = u64::try_from(ticket.used().as_nanos()).unwrap_or(u64::MAX);
                account.uncharged.fetch_add(used, Ordering::Relaxed);
                result
            });
            // The thread has panicked, or the runtime shuts down.
            thread.await.unwrap_or_else(|_| Err(failed()))
        })
    }
}

fn failed() -> HostCallError {
    HostCallError::error("the host failed to perform the operation").of_the_host()
}
