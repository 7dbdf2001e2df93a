//! Memory: the budget that an isolate's heap, buffers and WebAssembly memories share, the guard that stops a guest before
//! V8 runs out or takes too much, and the process-wide sums. Time limits are elsewhere (`watchdog`), and so are the
//! addresses that buffers and memories reserve (`reservations`).

use std::alloc::Layout;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::reservations::Held;

/// Sums over all isolates of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ProcessMemory {
    /// Isolates in being, those waiting to be disposed of included.
    pub isolates: usize,
    /// Isolates made since the process started.
    pub isolates_created: u64,
    /// Bytes in the array buffers of all isolates. Of resizable ones V8 does not tell.
    pub buffer_bytes: usize,
    /// Bytes in the heaps and WebAssembly memories of all isolates, as they were last measured: at the end of each
    /// isolate's last turn, or during one that takes long.
    pub heap_bytes: usize,
}

pub(crate) static ISOLATES: AtomicUsize = AtomicUsize::new(0);
pub(crate) static ISOLATES_CREATED: AtomicU64 = AtomicU64::new(0);
static BUFFER_BYTES: AtomicUsize = AtomicUsize::new(0);
static HEAP_BYTES: AtomicUsize = AtomicUsize::new(0);

/// What all isolates may take together, in bytes.
static PROCESS_LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Sets the limit of all isolates together; 0 for three quarters of what this process can have.
pub(crate) fn set_process_limit(mb: u64) {
    let bytes = match mb {
        0 => machine_bytes().map_or(usize::MAX, |bytes| bytes / 4 * 3),
        mb => usize::try_from(mb.saturating_mul(1 << 20)).unwrap_or(usize::MAX),
    };
    PROCESS_LIMIT.store(bytes, Ordering::Relaxed);
}

/// The memory of this machine, or of the control group that the process is in.
fn machine_bytes() -> Option<usize> {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<usize>().ok());
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|info| {
        let line = info.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<usize>().ok()?.checked_mul(1024)
    });
    match (group, machine) {
        (Some(group), Some(machine)) => Some(group.min(machine)),
        (group, machine) => group.or(machine),
    }
}

/// Whether all isolates together take as much as they may.
pub(crate) fn is_process_full() -> bool {
    let taken = HEAP_BYTES.load(Ordering::Relaxed).saturating_add(BUFFER_BYTES.load(Ordering::Relaxed));
    taken >= PROCESS_LIMIT.load(Ordering::Relaxed)
}

/// The sums as they stand.
pub fn process_memory() -> ProcessMemory {
    ProcessMemory {
        isolates: ISOLATES.load(Ordering::Relaxed),
        isolates_created: ISOLATES_CREATED.load(Ordering::Relaxed),
        buffer_bytes: BUFFER_BYTES.load(Ordering::Relaxed),
        heap_bytes: HEAP_BYTES.load(Ordering::Relaxed),
    }
}

/// Gives memory that was freed back to the system, where the allocator keeps it otherwise: what many isolates had
/// taken lies scattered over its arenas, of which it returns only the ends by itself. Holds each arena's lock for a
/// while, so it is for calm moments. (V8 returns its own pages by itself, some seconds after they were freed.)
pub(crate) fn give_back_to_system() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function has no preconditions.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// What an isolate takes, in bytes.
#[derive(Clone, Copy)]
struct Measured {
    heap: usize,
    /// Outside of the heap, but not in buffers: WebAssembly's memories and code.
    others: usize,
    buffers: usize,
}

impl Measured {
    fn sum(self) -> usize {
        self.heap + self.others + self.buffers
    }
}

/// What one isolate may take, and takes, in heap and buffers together.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    buffers: AtomicUsize,
    /// The heap and WebAssembly's memories, as last measured: at the end of a turn, now and then in one that takes long,
    /// and when garbage has been collected.
    heap: AtomicUsize,
    held: Held,
    /// A buffer has been refused since this was last asked.
    has_refused: AtomicBool,
    /// Nothing is refused; see [`Exemption`].
    is_exempt: AtomicBool,
}

impl MemoryBudget {
    pub(crate) fn new(limit: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.unwrap_or(usize::MAX),
            buffers: AtomicUsize::new(0),
            heap: AtomicUsize::new(0),
            held: Held::default(),
            has_refused: AtomicBool::new(false),
            is_exempt: AtomicBool::new(false),
        })
    }

    /// Charges a buffer, or refuses it: heap (as last seen) and buffers may not pass the limit together.
    pub(crate) fn charge(&self, bytes: usize) -> bool {
        let heap = self.heap.load(Ordering::Relaxed);
        let charged = self.buffers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |buffers| {
            let total = buffers.checked_add(bytes)?;
            let may_be_had =
                total.saturating_add(heap) <= self.limit || self.is_exempt.load(Ordering::Relaxed);
            may_be_had.then_some(total)
        });
        if charged.is_err() {
            self.has_refused.store(true, Ordering::Relaxed);
        } else {
            BUFFER_BYTES.fetch_add(bytes, Ordering::Relaxed);
        }
        charged.is_ok()
    }

    pub(crate) fn discharge(&self, bytes: usize) {
        self.buffers.fetch_sub(bytes, Ordering::Relaxed);
        BUFFER_BYTES.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The addresses that the isolate holds.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// Measures what the isolate takes now. V8 and the budget each know of a part of the buffers: V8 does not count shared
    /// ones, nor the budget those that V8 takes from the system.
    fn measure(&self, isolate: &mut v8::Isolate) -> Measured {
        let heap = isolate.get_heap_statistics();
        let outside = usize::try_from(isolate.adjust_amount_of_external_allocated_memory(0)).unwrap_or(0);
        let buffers = heap.external_memory();
        Measured {
            heap: heap.used_heap_size(),
            others: outside.saturating_sub(buffers),
            buffers: buffers.max(self.buffer_bytes()),
        }
    }

    /// Notes what the isolate takes beside buffers. V8 learns later than the budget of those that are freed, so its own
    /// figure for them would be held against the next one.
    fn note(&self, measured: Measured) {
        self.note_heap(measured.heap + measured.others);
    }

    /// Notes the size of the heap and of WebAssembly's memories.
    pub(crate) fn note_heap(&self, bytes: usize) {
        let before = self.heap.swap(bytes, Ordering::Relaxed);
        if bytes >= before {
            HEAP_BYTES.fetch_add(bytes - before, Ordering::Relaxed);
        } else {
            HEAP_BYTES.fetch_sub(before - bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn buffer_bytes(&self) -> usize {
        self.buffers.load(Ordering::Relaxed)
    }

    /// Heap and buffers together, as last seen.
    pub(crate) fn last_known_bytes(&self) -> usize {
        self.heap.load(Ordering::Relaxed) + self.buffers.load(Ordering::Relaxed)
    }

    /// V8's view of this budget: an allocator for array buffers.
    pub(crate) fn allocator(self: &Arc<Self>) -> v8::UniqueRef<v8::Allocator> {
        static VTABLE: v8::RustAllocatorVtable<MemoryBudget> = v8::RustAllocatorVtable {
            allocate: allocate_zeroed,
            allocate_uninitialized: allocate,
            free,
            drop: release,
        };
        // SAFETY: the handle is a strong count of an `Arc<MemoryBudget>`, which `release` gives back when V8 drops
        // the allocator, and the table's functions take exactly that type.
        unsafe { v8::new_rust_allocator(Arc::into_raw(Arc::clone(self)), &VTABLE) }
    }
}

impl Drop for MemoryBudget {
    fn drop(&mut self) {
        HEAP_BYTES.fetch_sub(*self.heap.get_mut(), Ordering::Relaxed);
        BUFFER_BYTES.fetch_sub(*self.buffers.get_mut(), Ordering::Relaxed);
    }
}

/// While this lives an isolate's budget refuses nothing. For the making of contexts: V8 ends the process where it
/// cannot have a buffer that the snapshot holds, and those are few, small, and none of the guest's.
pub(crate) struct Exemption(Arc<MemoryBudget>);

impl Exemption {
    /// Begins it; none where nothing is budgeted. The caller holds the isolate's lock and runs no code of a guest's.
    pub(crate) fn begin(isolate: &v8::Isolate) -> Option<Self> {
        let budget = isolate.get_slot::<Arc<MemoryBudget>>().cloned()?;
        budget.is_exempt.store(true, Ordering::Relaxed);
        Some(Self(budget))
    }
}

impl Drop for Exemption {
    fn drop(&mut self) {
        self.0.is_exempt.store(false, Ordering::Relaxed);
    }
}

/// Bytes of the host's that become an array buffer, charged to the isolate's budget until V8 frees the buffer.
pub(crate) struct ChargedBytes {
    bytes: Vec<u8>,
    budget: Option<Arc<MemoryBudget>>,
}

impl AsMut<[u8]> for ChargedBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl std::ops::Deref for ChargedBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::ops::DerefMut for ChargedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for ChargedBytes {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.discharge(self.bytes.len());
        }
    }
}

/// Does what an isolate may have no room for, collecting garbage if it has none. None if it has none then.
///
/// One collection may leave garbage: what V8's compilers hold on other threads is garbage when they are done. That is why
/// there may be a second.
pub(crate) fn make_room<T>(
    isolate: &mut v8::Isolate,
    mut attempt: impl FnMut(&mut v8::Isolate) -> Option<T>,
) -> Option<T> {
    const COLLECTIONS: usize = 2;
    attempt(isolate).or_else(|| {
        (0..COLLECTIONS).find_map(|_| {
            isolate.low_memory_notification();
            attempt(isolate)
        })
    })
}

/// Charges bytes to the budget of the isolate, [making room](make_room) if it has none.
pub(crate) fn charge(isolate: &mut v8::Isolate, bytes: Vec<u8>) -> Option<ChargedBytes> {
    let budget = isolate.get_slot::<Arc<MemoryBudget>>().cloned();
    if let Some(budget) = &budget {
        make_room(isolate, |_| budget.charge(bytes.len()).then_some(()))?;
    }
    Some(ChargedBytes { bytes, budget })
}

/// Memory of the host's that an isolate's budget pays for, until this is dropped.
#[derive(Debug)]
pub struct HostCharge {
    bytes: usize,
    budget: Option<Arc<MemoryBudget>>,
}

impl HostCharge {
    /// How much is paid for.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for HostCharge {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.discharge(self.bytes);
        }
    }
}

/// Charges memory that the host keeps for a guest to the budget of the guest's isolate, collecting garbage if it has no
/// room. None if it has none then.
pub fn charge_host(isolate: &mut v8::Isolate, bytes: usize) -> Option<HostCharge> {
    let budget = isolate.get_slot::<Arc<MemoryBudget>>().cloned();
    if let Some(budget) = &budget {
        make_room(isolate, |_| budget.charge(bytes).then_some(()))?;
    }
    Some(HostCharge { bytes, budget })
}

/// Whether the isolate has room for so many more bytes that V8 would take without asking. Collects garbage if that is
/// what it takes.
pub fn has_room(isolate: &mut v8::Isolate, bytes: usize) -> bool {
    let Some(budget) = isolate.get_slot::<Arc<MemoryBudget>>().cloned() else { return true };
    // What is larger than the limit would not fit into an empty isolate either.
    if bytes > budget.limit {
        return false;
    }
    let fits =
        |isolate: &mut v8::Isolate| budget.measure(isolate).sum().saturating_add(bytes) <= budget.limit;
    make_room(isolate, |isolate| fits(isolate).then_some(())).is_some()
}

/// V8 asks for buffers of any size; the alignment is what `malloc` would give.
fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.max(1), 16).ok()
}

extern "C" fn allocate_zeroed(budget: &MemoryBudget, bytes: usize) -> *mut c_void {
    let Some(layout) = layout(bytes).filter(|_| budget.charge(bytes)) else { return std::ptr::null_mut() };
    // SAFETY: the layout's size is not zero.
    let memory = unsafe { std::alloc::alloc_zeroed(layout) };
    if memory.is_null() {
        budget.discharge(bytes);
    }
    memory.cast()
}

extern "C" fn allocate(budget: &MemoryBudget, bytes: usize) -> *mut c_void {
    let Some(layout) = layout(bytes).filter(|_| budget.charge(bytes)) else { return std::ptr::null_mut() };
    // SAFETY: the layout's size is not zero.
    let memory = unsafe { std::alloc::alloc(layout) };
    if memory.is_null() {
        budget.discharge(bytes);
    }
    memory.cast()
}

/// # Safety
/// `memory` is null, or came from one of the two functions above with the same `bytes`, and is freed once. V8 calls it so.
unsafe extern "C" fn free(budget: &MemoryBudget, memory: *mut c_void, bytes: usize) {
    let Some(layout) = layout(bytes) else { return };
    if memory.is_null() {
        return;
    }
    budget.discharge(bytes);
    // SAFETY: V8 gives back what `allocate` or `allocate_zeroed` returned, with the size that it asked for then.
    unsafe { std::alloc::dealloc(memory.cast(), layout) }
}

/// # Safety
/// `budget` is the strong count that [`MemoryBudget::allocator`] gave to V8; called once, with the allocator's end.
unsafe extern "C" fn release(budget: *const MemoryBudget) {
    // SAFETY: the strong count that `allocator` handed to V8.
    drop(unsafe { Arc::from_raw(budget) });
}

/// Stops a guest whose heap comes near its limit.
///
/// V8 calls [`HeapGuard::near_limit`] when the heap is nearly full. The first time, the guest is told to stop and V8
/// gets headroom to reach the next interrupt check: builtins that double a table look for an interrupt only
/// afterwards, so the headroom is twice the limit, and 256 MiB at least. A second time means that the guest used
/// the headroom up in one builtin; then V8 reports the isolate out of memory and `quarantine` takes the thread.
///
/// V8 counts array buffers towards its limit, too. Those have the budget to keep them within bounds, and a guest is
/// told by a `RangeError`; where they and not the heap are near the limit, V8 gets room for them instead.
///
/// A WebAssembly memory that grows asks nobody and is told by nobody. So turns are measured, by [`HeapGuard::check`], at
/// their end, and again and again if they take long: the watchdog has V8 interrupt them for it.
pub(crate) struct HeapGuard {
    limit: usize,
    budget: Arc<MemoryBudget>,
    armed: OnceLock<Armed>,
    hit: AtomicBool,
    /// V8 has been asked for an interrupt, and has not come to it yet.
    is_asked: AtomicBool,
    calls: AtomicU32,
}

struct Armed {
    handle: v8::IsolateHandle,
    isolate: v8::UnsafeRawIsolatePtr,
}

// SAFETY: the pointer is only used by `near_limit`, which V8 calls on the thread that has the isolate.
unsafe impl Send for Armed {}
// SAFETY: as above.
unsafe impl Sync for Armed {}

const LEAST_HEADROOM: usize = 256 << 20;

impl HeapGuard {
    pub(crate) fn new(limit: usize, budget: &Arc<MemoryBudget>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            budget: Arc::clone(budget),
            armed: OnceLock::new(),
            hit: AtomicBool::new(false),
            is_asked: AtomicBool::new(false),
            calls: AtomicU32::new(0),
        })
    }

    /// Puts the guard in charge of an isolate. The guard must outlive it.
    pub(crate) fn arm(self: &Arc<Self>, isolate: &mut v8::Isolate) {
        // SAFETY: the pointer is used only while the isolate lives; see `near_limit`.
        let pointer = unsafe { isolate.as_raw_isolate_ptr() };
        let _ = self.armed.set(Armed { handle: isolate.thread_safe_handle(), isolate: pointer });
        let guard = Arc::as_ptr(self) as *mut c_void;
        isolate.add_near_heap_limit_callback(Self::near_limit, guard);
        isolate.add_gc_epilogue_callback(Self::after_collection, guard, v8::GCType::kGCTypeMarkSweepCompact);
    }

    /// Whether the limit has been hit, ever.
    pub(crate) fn is_hit(&self) -> bool {
        self.hit.load(Ordering::Acquire)
    }

    /// The most that heap, buffers and WebAssembly memories may take together. Past the limit itself the allocator refuses
    /// buffers, and a guest that goes on without them is not stopped for what its heap has gained meanwhile.
    fn bound(&self) -> usize {
        self.limit.saturating_add(self.limit / 4)
    }

    /// Measures the isolate, in bytes. If it takes more than it may, garbage not counted, the limit has been hit: the
    /// caller stops the guest.
    pub(crate) fn check(&self, isolate: &mut v8::Isolate) -> usize {
        let before = self.budget.measure(isolate);
        let mut left = before;
        if before.sum() > self.bound() && !self.is_hit() {
            let fits = make_room(isolate, |isolate| {
                left = self.budget.measure(isolate);
                (left.sum() <= self.bound()).then_some(())
            });
            if fits.is_none() {
                self.hit.store(true, Ordering::Release);
            }
        }
        self.budget.note(left);
        before.sum()
    }

    /// Has the turn that runs measured as soon as V8 looks for interrupts, which WebAssembly's loops do as well. Any
    /// thread may ask.
    pub(crate) fn ask_to_check(&self) {
        if let Some(armed) = self.armed.get()
            && !self.is_hit()
            && !self.is_asked.swap(true, Ordering::Relaxed)
        {
            armed.handle.request_interrupt(Self::on_interrupt, std::ptr::from_ref(self).cast_mut().cast());
        }
    }

    /// V8's callback.
    ///
    /// # Safety
    /// `guard` is the pointer that `ask_to_check` gave; V8 calls this with the isolate that the guard is in charge of, on
    /// the thread that has it.
    unsafe extern "C" fn on_interrupt(isolate: v8::UnsafeRawIsolatePtr, guard: *mut c_void) {
        // SAFETY: the isolate's owner keeps the guard until V8 has disposed of the isolate, and with it of requests for
        // interrupts that it has not come to.
        let guard = unsafe { &*guard.cast_const().cast::<HeapGuard>() };
        guard.is_asked.store(false, Ordering::Relaxed);
        // SAFETY: V8 is inside this isolate, on this thread, and allows to collect garbage here.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(isolate) };
        guard.check(&mut isolate);
        if guard.is_hit() {
            isolate.terminate_execution();
        }
    }

    /// V8's callback: garbage has been collected. What the budget knew of the heap may have been garbage, and whoever was
    /// refused a buffer for it is about to ask again.
    ///
    /// # Safety
    /// `guard` is the pointer that `arm` registered; V8 calls this on the thread that has the isolate.
    unsafe extern "C" fn after_collection(
        isolate: v8::UnsafeRawIsolatePtr,
        _kind: v8::GCType,
        _flags: v8::GCCallbackFlags,
        guard: *mut c_void,
    ) {
        // SAFETY: the isolate's owner keeps the guard until V8 has disposed of the isolate.
        let guard = unsafe { &*guard.cast_const().cast::<HeapGuard>() };
        // SAFETY: V8 is inside this isolate, on this thread, and allows to be asked for its statistics here.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(isolate) };
        guard.budget.note(guard.budget.measure(&mut isolate));
    }

    /// Bytes by which V8's limit may grow because buffers, and not the heap, are near it.
    fn room_for_buffers(&self, armed: &Armed, initial: usize) -> Option<usize> {
        // SAFETY: V8 is inside this isolate, on this thread, and allows to be asked for its statistics here.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(armed.isolate) };
        let measured = self.budget.measure(&mut isolate);
        let (used, external) = (measured.heap, measured.others + measured.buffers);
        // A refused buffer makes V8 collect garbage and come here, however small heap and buffers are.
        let has_refused = self.budget.has_refused.swap(false, Ordering::Relaxed);
        let is_heap_small = used < initial - initial / 4 && (has_refused || external > initial / 4);
        let is_sum_bounded = used.saturating_add(external) <= self.bound();
        (is_heap_small && is_sum_bounded).then_some(external / 4 + (1 << 20))
    }

    /// V8's callback.
    ///
    /// # Safety
    /// `guard` is the pointer that `arm` registered.
    unsafe extern "C" fn near_limit(guard: *mut c_void, current: usize, initial: usize) -> usize {
        // SAFETY: the pointer that `arm` registered; the isolate's owner keeps the guard until V8 has disposed of
        // the isolate.
        let guard = unsafe { &*guard.cast::<HeapGuard>() };
        let armed = guard.armed.get();
        if !guard.is_hit()
            && let Some(room) = armed.and_then(|armed| guard.room_for_buffers(armed, initial))
        {
            return current + room;
        }
        guard.hit.store(true, Ordering::Release);
        if guard.calls.fetch_add(1, Ordering::Relaxed) > 0 {
            return current;
        }
        if let Some(armed) = armed {
            armed.handle.terminate_execution();
        }
        current + (2 * initial).max(LEAST_HEADROOM)
    }
}
