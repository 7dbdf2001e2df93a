//! What happens when V8 does not come back from a turn: the thread is given up and the process lives.
//!
//! Two ways lead here. The watchdog gives up a turn that does not stop within its grace. And V8 itself may be about
//! to end the process inside a turn: out of memory (its handler is ours), or with an invalid size (a trap signal).
//! Then the thread is parked for good, holding whatever it holds, and the watchdog gives it up. Outside a turn, or
//! after a failed check of V8's own, the process ends as it would without us.

use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::turn_cell::Stop;
use crate::watchdog::{Parked, ThreadRecord};

static LOST_THREADS: AtomicUsize = AtomicUsize::new(0);
static LOST_BYTES: AtomicUsize = AtomicUsize::new(0);
static RECOVERED_THREADS: AtomicUsize = AtomicUsize::new(0);
static BUDGET: AtomicUsize = AtomicUsize::new(usize::MAX);

/// How the process stands after guests that could not be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Threads that were given up and have not come back.
    pub lost_threads: usize,
    /// Bytes that their isolates held when they were given up, as far as known.
    pub lost_bytes: usize,
    /// Threads that were given up and came back later; their isolates were disposed of.
    pub recovered_threads: usize,
    /// How many lost threads the process bears.
    pub budget: usize,
}

impl Health {
    /// Whether the process should take new requests. If not, it should be drained and restarted.
    pub fn is_healthy(&self) -> bool {
        self.lost_threads <= self.budget
    }
}

/// The process's health now.
pub fn health() -> Health {
    Health {
        lost_threads: LOST_THREADS.load(Ordering::Relaxed),
        lost_bytes: LOST_BYTES.load(Ordering::Relaxed),
        recovered_threads: RECOVERED_THREADS.load(Ordering::Relaxed),
        budget: BUDGET.load(Ordering::Relaxed),
    }
}

pub(crate) fn note_lost(thread: libc::pid_t, bytes: usize, reason: Stop) {
    LOST_THREADS.fetch_add(1, Ordering::Relaxed);
    LOST_BYTES.fetch_add(bytes, Ordering::Relaxed);
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: a thread of this process and valid parameters. If the call fails the thread keeps its priority.
    unsafe { libc::sched_setscheduler(thread, libc::SCHED_IDLE, &parameters) };
    tracing::error!(thread, bytes, ?reason, "a turn did not stop; its thread and isolate are given up");
}

pub(crate) fn note_recovered(bytes: usize) {
    LOST_THREADS.fetch_sub(1, Ordering::Relaxed);
    LOST_BYTES.fetch_sub(bytes.min(LOST_BYTES.load(Ordering::Relaxed)), Ordering::Relaxed);
    RECOVERED_THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Installs the process's handlers.
pub(crate) fn install(budget: usize) -> std::io::Result<()> {
    BUDGET.store(budget, Ordering::Relaxed);
    v8::V8::set_fatal_error_handler(|file: &str, line: i32, message: &str| {
        // A failed check inside V8: its state cannot be trusted, so the process must not go on. Aborting here also
        // keeps the trap that V8 would raise next from being taken for an invalid size.
        eprintln!("isolane: fatal error in v8 at {file}:{line}: {message}");
        std::process::abort();
    });
    // SAFETY: `action` is a fully initialised description of a handler with the three-argument signature, and the
    // handler does only what a signal handler may do.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_trap as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        libc::sigemptyset(&mut action.sa_mask);
        if libc::sigaction(libc::SIGTRAP, &action, std::ptr::null_mut()) != 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Gives the calling turn thread a stack of its own for signal handlers. Rust's threads have one already (for the
/// guard page's handler), so nothing is to be done where that holds.
pub(crate) fn prepare_thread() {
    const SIZE: usize = 64 * 1024;
    // SAFETY: the structure is an out-parameter, fully written on success.
    let missing = unsafe {
        let mut current: libc::stack_t = std::mem::zeroed();
        libc::sigaltstack(std::ptr::null(), &mut current) == 0 && current.ss_flags & libc::SS_DISABLE != 0
    };
    if missing {
        let memory = Box::leak(vec![0u8; SIZE].into_boxed_slice());
        let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: SIZE };
        // SAFETY: the memory is leaked, so it outlives the thread, and nothing else uses it.
        unsafe { libc::sigaltstack(&stack, std::ptr::null_mut()) };
    }
}

/// V8 is out of memory in an isolate.
///
/// # Safety
/// `location` is null or a C string that lives for the call, and so is the text of `details`. V8 calls it so.
pub(crate) unsafe extern "C" fn on_out_of_memory(location: *const c_char, details: &v8::OomDetails) {
    if let Some(record) = ThreadRecord::of_current_turn().filter(|record| record.is_replaceable()) {
        park(record, Parked::OutOfMemory);
    }
    let text = |pointer: *const c_char| {
        if pointer.is_null() {
            return String::new();
        }
        // SAFETY: V8 passes C strings that live for the call.
        unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
    };
    eprintln!(
        "isolane: v8 is out of memory outside of a turn ({}: {})",
        text(location),
        text(details.detail)
    );
    std::process::abort();
}

/// V8 raises a trap where it meets an invalid size.
extern "C" fn on_trap(signal: c_int, _info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    if let Some(record) = ThreadRecord::of_current_turn().filter(|record| record.is_replaceable()) {
        park(record, Parked::InvalidSize);
    }
    // Not a guest's doing: end as without a handler.
    // SAFETY: both calls are async-signal-safe and their arguments valid.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Keeps this thread where it is, for ever. Only calls what a signal handler may call.
fn park(record: &ThreadRecord, reason: Parked) -> ! {
    record.set_parked(reason);
    loop {
        // SAFETY: `pause` has no preconditions.
        unsafe { libc::pause() };
    }
}
