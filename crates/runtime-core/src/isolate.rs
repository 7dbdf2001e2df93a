//! One isolate: making it, its lock, its state of health, and its disposal. Who may use it when is decided by modes
//! and by the gate; what runs in it is a `realm`'s business.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use runtime_admission::FairGate;
use tokio::sync::Notify;

use crate::ahead::Ahead;
use crate::foreground::ForegroundTasks;
use crate::limits::RuntimeLimits;
use crate::memory::{self, HeapGuard, MemoryBudget};
use crate::outcome::Start;
use crate::process::V8;
use crate::units::UnitFiles;
use crate::{modules, quarantine, realm, standby};

/// An isolate cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IsolateError {
    /// V8 has not been initialised.
    #[error("v8 is not initialised; call `V8::init` (or let a mode do it) before making an isolate")]
    NotInitialised,
    /// V8 would not let the isolate be used from several threads.
    #[error("v8 refused to share a new isolate between threads: {0}")]
    NotShareable(String),
    /// The thread that was to make it, or to work in it, was lost.
    #[error(
        "the thread that was to make an isolate, or to work in it, was lost; try again with a new isolate"
    )]
    ThreadLost,
    /// The code that was to run in it panicked, with this message.
    #[error("code that ran in an isolate panicked, and the isolate is not used again: {0}")]
    Panicked(String),
    /// The operating system gives no threads to run isolates on.
    #[error("no threads for isolates could be started: {0}")]
    NoThreads(String),
}

/// A V8 isolate that any thread may enter, one at a time.
///
/// Every entry goes through [`gate`](Isolate::gate), which is fair, and then through V8's own lock, which is not;
/// so V8's lock is always free when it is asked for. Dropping the last reference hands the isolate to a thread that
/// disposes of it.
pub struct Isolate {
    id: u64,
    /// Present until drop.
    shared: Option<v8::SharedIsolate>,
    address: usize,
    gate: FairGate,
    guard: Arc<HeapGuard>,
    budget: Arc<MemoryBudget>,
    foreground: Arc<ForegroundTasks>,
    /// What is ready for its next request.
    ahead: Ahead,
    /// It was made before anybody asked for it.
    stood_by: bool,
    condemned: AtomicBool,
    /// Its lock is held by a thread that was given up; set and cleared by that thread's quarantine.
    lost: AtomicBool,
}

/// What an isolate takes, at the end of its last turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct IsolateStats {
    /// Bytes in use on the heap.
    pub heap_bytes: usize,
    /// Bytes in array buffers.
    pub buffer_bytes: usize,
    /// Contexts in being.
    pub contexts: usize,
    /// Contexts that are gone but still held by something.
    pub detached_contexts: usize,
}

impl Isolate {
    /// Makes an isolate from the base snapshot. Takes a millisecond or so; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`IsolateError::NotInitialised`] before [`V8::init`].
    ///
    /// # Panics
    /// If the calling thread has another isolate entered.
    pub fn new(limits: &RuntimeLimits) -> Result<Arc<Self>, IsolateError> {
        Self::make(limits, false)
    }

    /// An isolate that stood by for these heap limits, if there is one. Takes microseconds; makes the stock of them
    /// be filled up.
    pub fn standing_by(limits: &RuntimeLimits) -> Option<Arc<Self>> {
        standby::take(limits)
    }

    /// Says that isolates with these heap limits will be asked for soon, so that some are made to stand by. Does
    /// nothing before V8 is initialised.
    pub fn expect(limits: &RuntimeLimits) {
        standby::expect(limits);
    }

    /// Lets all isolates go that stand by in this process. Who asks for an isolate later makes the stock be filled
    /// again.
    pub fn expect_none() {
        standby::trim();
    }

    pub(crate) fn make(limits: &RuntimeLimits, stood_by: bool) -> Result<Arc<Self>, IsolateError> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let engine = V8::running().ok_or(IsolateError::NotInitialised)?;
        let heap_max = limits.heap_max_bytes();
        let budget = MemoryBudget::new(heap_max);
        let mut params = v8::CreateParams::default()
            .array_buffer_allocator(budget.allocator())
            .external_references(Cow::Borrowed(engine.external_references()))
            .allow_atomics_wait(false);
        if let Some(max) = heap_max {
            params = params.heap_limits((limits.heap_initial_mb as usize) << 20, max);
        }
        if let Some(snapshot) = engine.snapshot() {
            params = params.snapshot_blob(v8::StartupData::from(&*snapshot.blob));
        }
        let mut isolate = v8::Isolate::new(params);
        isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
        isolate.set_capture_stack_trace_for_uncaught_exceptions(true, 32);
        isolate.set_promise_reject_callback(realm::on_promise_reject);
        isolate.set_host_import_module_dynamically_callback(modules::import_dynamically);
        isolate.set_host_initialize_import_meta_object_callback(modules::initialise_import_meta);
        isolate.set_oom_error_handler(quarantine::on_out_of_memory);
        isolate.set_slot(Arc::clone(&budget));
        let unit_code = engine.snapshot().map_or(&[][..], |snapshot| &snapshot.unit_code);
        UnitFiles::install(&mut isolate, engine.extension(), unit_code);
        let guard = HeapGuard::new(heap_max.unwrap_or(usize::MAX), &budget);
        if heap_max.is_some() {
            guard.arm(&mut isolate);
        }
        // SAFETY: the address is only ever compared, never used as a pointer.
        let address = unsafe { isolate.as_raw_isolate_ptr() };
        // SAFETY: `UnsafeRawIsolatePtr` is a transparent pointer.
        let address = unsafe { std::mem::transmute::<v8::UnsafeRawIsolatePtr, usize>(address) };
        let foreground = ForegroundTasks::register(address);
        // SAFETY: this function made the isolate on this thread. What hangs off it is `Send`: the allocator and the
        // heap guard are `Sync` values behind `Arc`s, callbacks are plain functions, and the slots hold the budget's
        // `Arc`, the units' compiled files and, during a turn, a `Box<RealmState>`, which are `Send`.
        let shared = unsafe { isolate.try_into_shared() }
            .map_err(|error| IsolateError::NotShareable(error.kind().to_string()))?;
        memory::ISOLATES.fetch_add(1, Ordering::Relaxed);
        memory::ISOLATES_CREATED.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            shared: Some(shared),
            address,
            gate: FairGate::new(),
            guard,
            budget,
            foreground,
            ahead: Ahead::default(),
            stood_by,
            condemned: AtomicBool::new(false),
            lost: AtomicBool::new(false),
        }))
    }

    /// A number that no other isolate of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What its first request reports: whether the isolate stood by, or was made for that request.
    pub fn start(&self) -> Start {
        if self.stood_by { Start::Standby } else { Start::Cold }
    }

    /// Somebody comes who is no guest's request: what the isolate does or was to do while idle is given up, and
    /// nothing else is begun until the returned value is dropped.
    pub fn occupy(self: &Arc<Self>) -> Occupied {
        self.ahead.add_user();
        self.ahead.claim(None);
        Occupied(Arc::clone(self))
    }

    pub(crate) fn ahead(&self) -> &Ahead {
        &self.ahead
    }

    /// The fair gate that every turn passes before it locks the isolate.
    pub fn gate(&self) -> &FairGate {
        &self.gate
    }

    /// No further request may start in this isolate; those in it may end.
    pub fn condemn(&self) {
        self.condemned.store(true, Ordering::Release);
    }

    /// Whether it is condemned, by a caller or because its heap limit was hit.
    pub fn is_condemned(&self) -> bool {
        self.condemned.load(Ordering::Acquire) || self.guard.is_hit() || self.lost.load(Ordering::Acquire)
    }

    /// Whether the heap limit has been hit.
    pub fn hit_heap_limit(&self) -> bool {
        self.guard.is_hit()
    }

    pub(crate) fn set_lost(&self, lost: bool) {
        self.lost.store(lost, Ordering::Release);
    }

    pub(crate) fn foreground(&self) -> &ForegroundTasks {
        &self.foreground
    }

    pub(crate) fn guard(&self) -> &HeapGuard {
        &self.guard
    }

    pub(crate) fn budget(&self) -> &MemoryBudget {
        &self.budget
    }

    fn shared(&self) -> &v8::SharedIsolate {
        self.shared.as_ref().expect("the isolate is there until drop")
    }

    pub(crate) fn handle(&self) -> v8::IsolateHandle {
        self.shared().thread_safe_handle()
    }

    /// Enters the isolate on this thread. The caller has passed the gate, so this does not wait.
    ///
    /// # Panics
    /// If this thread has any isolate entered.
    pub fn lock(&self) -> LockToken<'_> {
        LockToken(self.shared().lock())
    }

    /// What the isolate takes now. Needs the lock; counts contexts, so it is not for every turn.
    pub fn measure(&self, token: &mut LockToken<'_>) -> IsolateStats {
        let heap = token.get_heap_statistics();
        IsolateStats {
            heap_bytes: heap.used_heap_size(),
            buffer_bytes: self.budget.buffer_bytes(),
            contexts: heap.number_of_native_contexts(),
            detached_contexts: heap.number_of_detached_contexts(),
        }
    }
}

/// Makes an isolate that nobody uses and nothing disposes of. What all isolates share (the read-only heap, the
/// compiler's threads) V8 sets up with the first one and tears down with the last, which a process that serves one
/// request at a time would otherwise pay for with every isolate.
pub(crate) fn keep_shared_parts(engine: &'static V8) {
    let mut params = v8::CreateParams::default()
        .external_references(Cow::Borrowed(engine.external_references()))
        .allow_atomics_wait(false);
    if let Some(snapshot) = engine.snapshot() {
        params = params.snapshot_blob(v8::StartupData::from(&*snapshot.blob));
    }
    // SAFETY: this function made the isolate on this thread, and nothing hangs off it. Nothing enters it again; it is
    // shared only because one that is not would have to be the last that this thread disposes of.
    match unsafe { v8::Isolate::new(params).try_into_shared() } {
        Ok(kept) => std::mem::forget(kept),
        Err(error) => tracing::warn!(error = %error.kind(), "no isolate keeps v8's shared parts alive"),
    }
}

impl Drop for Isolate {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        // Contexts go before their isolate.
        self.ahead.clear();
        if self.lost.load(Ordering::Acquire) {
            // Its lock will never be free again: disposing of it would wait for ever.
            std::mem::forget(shared);
            std::mem::forget((Arc::clone(&self.guard), Arc::clone(&self.budget)));
            return;
        }
        Disposal {
            shared,
            address: self.address,
            foreground: Arc::clone(&self.foreground),
            budget: Arc::clone(&self.budget),
            _guard: Arc::clone(&self.guard),
        }
        .hand_over();
    }
}

impl std::fmt::Debug for Isolate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Isolate").field("id", &self.id).field("condemned", &self.is_condemned()).finish()
    }
}

/// Keeps an isolate from work for its next request. See [`Isolate::occupy`].
#[derive(Debug)]
pub struct Occupied(Arc<Isolate>);

impl Drop for Occupied {
    fn drop(&mut self) {
        self.0.ahead.remove_user();
    }
}

/// Proof that this thread holds an isolate's lock. Whoever touches a heap takes it first.
///
/// It cannot leave its thread, so it cannot be held across an `.await` of a future that may move:
///
/// ```compile_fail
/// async fn hold(isolate: &runtime_core::Isolate) {
///     let token = isolate.lock();
///     std::future::ready(()).await;
///     drop(token);
/// }
/// fn needs_send(_: impl Send) {}
/// fn check(isolate: &'static runtime_core::Isolate) { needs_send(hold(isolate)); }
/// ```
pub struct LockToken<'l>(v8::Locker<'l>);

impl Deref for LockToken<'_> {
    type Target = v8::Isolate;
    fn deref(&self) -> &v8::Isolate {
        &self.0
    }
}

impl DerefMut for LockToken<'_> {
    fn deref_mut(&mut self) -> &mut v8::Isolate {
        &mut self.0
    }
}

/// Isolates that were dropped and not yet disposed of.
static IN_DISPOSAL: AtomicUsize = AtomicUsize::new(0);

/// Told each time that one of them has been.
static DISPOSED: Notify = Notify::const_new();

/// Whether what all isolates take together is below the process's limit, once those that are on their way out have
/// gone; at the latest at a moment. Does not wait if nothing is on its way out.
pub(crate) async fn disposals_make_room(until: Instant) -> bool {
    loop {
        let mut next = pin!(DISPOSED.notified());
        // From here on no disposal is missed.
        next.as_mut().enable();
        let is_hopeless = IN_DISPOSAL.load(Ordering::Acquire) == 0;
        if !memory::is_process_full() {
            return true;
        }
        if is_hopeless || tokio::time::timeout_at(until.into(), next).await.is_err() {
            return !memory::is_process_full();
        }
    }
}

/// An isolate on its way out, with everything that must outlive it.
struct Disposal {
    shared: v8::SharedIsolate,
    address: usize,
    foreground: Arc<ForegroundTasks>,
    budget: Arc<MemoryBudget>,
    _guard: Arc<HeapGuard>,
}

/// Disposal takes a quarter of a millisecond and must not happen inside a turn: one thread does it for all, and those
/// that make isolates help it when it falls behind.
static REAPER: LazyLock<Option<Reaper>> = LazyLock::new(|| {
    let (sender, receiver) = crossbeam_channel::unbounded::<Disposal>();
    let waiting = receiver.clone();
    let thread = std::thread::Builder::new().name("isolane-reaper".to_owned());
    let spawned = thread.spawn(move || reap(&receiver));
    spawned.is_ok().then_some(Reaper { sender, waiting })
});

struct Reaper {
    sender: Sender<Disposal>,
    waiting: Receiver<Disposal>,
}

/// This many isolates may wait to be disposed of before those that make new ones help.
const BACKLOG: usize = 8;

/// Disposes of isolates on the calling thread while too many wait for it, so that making them cannot outrun disposing
/// of them. The thread has no isolate entered.
pub(crate) fn reduce_backlog() {
    let Some(reaper) = &*REAPER else { return };
    while reaper.waiting.len() > BACKLOG
        && let Ok(disposal) = reaper.waiting.try_recv()
    {
        disposal.dispose();
    }
}

impl Disposal {
    fn hand_over(self) {
        IN_DISPOSAL.fetch_add(1, Ordering::Relaxed);
        match &*REAPER {
            Some(reaper) => {
                if let Err(unsent) = reaper.sender.send(self) {
                    unsent.into_inner().dispose();
                }
            }
            None => self.dispose(),
        }
    }

    fn dispose(self) {
        let Disposal { shared, address, foreground, budget, _guard } = self;
        drop(shared);
        ForegroundTasks::unregister(address, &foreground);
        memory::ISOLATES.fetch_sub(1, Ordering::Relaxed);
        // Who dropped it may hold on to the budget for a moment yet, but there is no heap any more.
        budget.note_heap(0);
        IN_DISPOSAL.fetch_sub(1, Ordering::Release);
        DISPOSED.notify_waiters();
    }
}

/// How many isolates must have been disposed of for it to be worth giving their memory back.
const WORTH_TRIMMING: usize = 16;

/// How long nothing may have been disposed of before their memory is given back.
const CALM: Duration = Duration::from_secs(1);

/// Disposes of isolates, and gives the memory of many back to the system when things have calmed down.
fn reap(isolates: &Receiver<Disposal>) {
    let mut untrimmed = 0;
    loop {
        let next = if untrimmed >= WORTH_TRIMMING {
            isolates.recv_timeout(CALM)
        } else {
            isolates.recv().map_err(RecvTimeoutError::from)
        };
        match next {
            Ok(isolate) => {
                isolate.dispose();
                untrimmed += 1;
            }
            Err(RecvTimeoutError::Timeout) => {
                memory::give_back_to_system();
                untrimmed = 0;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
