//! The watchdog: one thread a process that stops turns which overrun, and gives up threads that do not stop. It
//! reads each turn thread's processor clock; it never takes an isolate's lock. Turns that take long it also has measured
//! (`memory`), on their own thread.

use std::any::Any;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use crate::quarantine;
use crate::turn_cell::{Stop, TurnControl};

/// How often running turns are looked at. Limits are kept to within this.
const TICK: Duration = Duration::from_millis(2);
/// After this long without a turn the watchdog sleeps until one starts.
const IDLE_AFTER: Duration = Duration::from_millis(50);

static REGISTRY: RwLock<Vec<Weak<ThreadRecord>>> = RwLock::new(Vec::new());
static ASLEEP: AtomicBool = AtomicBool::new(false);
static WATCHDOG: OnceLock<Thread> = OnceLock::new();

thread_local! {
    /// This thread's record, for signal handlers: a plain pointer, initialised without code.
    static CURRENT: Cell<*const ThreadRecord> = const { Cell::new(std::ptr::null()) };
}

/// What a thread's turn is allowed and how far it is.
struct RunningTurn {
    /// The watchdog has seen it before.
    is_seen: bool,
    control: Arc<dyn TurnControl>,
    isolate: Arc<crate::isolate::Isolate>,
    /// On the thread's processor clock, in nanoseconds; `u64::MAX` for none.
    cpu_deadline: u64,
    wall_deadline: Option<Instant>,
    told_to_stop: Option<ToldToStop>,
}

#[derive(Clone, Copy)]
struct ToldToStop {
    reason: Stop,
    at: Instant,
    cpu_at: u64,
}

/// How a thread was parked for good by a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Parked {
    No = 0,
    OutOfMemory = 1,
    InvalidSize = 2,
}

/// What a group of threads is told of one of them.
pub(crate) trait ThreadGroup: Send + Sync {
    /// Its turn takes long: another thread may do what is waiting. The thread itself says when it has ended; see
    /// [`ThreadRecord::take_long`].
    fn begin_long(&self);
    /// The thread is given up, in a turn that had been said to be long, or not: another one is needed. Called once.
    fn replace(&self, was_long: bool);
}

/// One thread on which turns run.
///
/// The thread itself sets and takes `running`; the watchdog reads it, and takes it when it gives the thread up. Who
/// takes it under the mutex has the turn: so a turn either ends or is lost, never both.
pub(crate) struct ThreadRecord {
    cpu_clock: libc::clockid_t,
    thread_id: libc::pid_t,
    running: Mutex<Option<RunningTurn>>,
    /// A turn runs on this thread now. For signal handlers, which cannot take the mutex.
    in_turn: AtomicBool,
    parked: AtomicU8,
    given_up: AtomicBool,
    /// The group that the thread is of; none for threads of the caller's.
    group: Option<Box<dyn ThreadGroup>>,
    /// The group has been told that the running turn is a long one.
    is_long: AtomicBool,
    turns: AtomicU64,
}

impl ThreadRecord {
    /// Registers the calling thread.
    pub(crate) fn register(group: Option<Box<dyn ThreadGroup>>) -> Arc<Self> {
        let mut cpu_clock: libc::clockid_t = libc::CLOCK_THREAD_CPUTIME_ID;
        // SAFETY: both arguments are valid: this thread, and a place for the clock's id. The id stays valid for as
        // long as the thread lives, and a failed call leaves the calling thread's own clock in place.
        let thread_id = unsafe {
            libc::pthread_getcpuclockid(libc::pthread_self(), &mut cpu_clock);
            libc::gettid()
        };
        let record = Arc::new(Self {
            cpu_clock,
            thread_id,
            running: Mutex::new(None),
            in_turn: AtomicBool::new(false),
            parked: AtomicU8::new(Parked::No as u8),
            given_up: AtomicBool::new(false),
            group,
            is_long: AtomicBool::new(false),
            turns: AtomicU64::new(0),
        });
        CURRENT.set(Arc::as_ptr(&record));
        quarantine::prepare_thread();
        let mut registry = REGISTRY.write();
        registry.retain(|known| known.strong_count() > 0);
        registry.push(Arc::downgrade(&record));
        record
    }

    /// Forgets the calling thread. Called by the thread itself, when it ends.
    pub(crate) fn unregister(&self) {
        CURRENT.set(std::ptr::null());
        REGISTRY.write().retain(|known| !std::ptr::eq(known.as_ptr(), self));
    }

    /// A turn starts on this thread, with these allowances.
    pub(crate) fn begin(
        &self,
        control: Arc<dyn TurnControl>,
        isolate: Arc<crate::isolate::Isolate>,
        wall_deadline: Option<Instant>,
    ) {
        *self.running.lock() = Some(RunningTurn {
            is_seen: false,
            control,
            isolate,
            cpu_deadline: u64::MAX,
            wall_deadline,
            told_to_stop: None,
        });
        self.in_turn.store(true, Ordering::Release);
        self.turns.fetch_add(1, Ordering::Relaxed);
        // The watchdog sets ASLEEP before it looks at all threads one last time; so either it sees this turn, or
        // this sees that it sleeps.
        std::sync::atomic::fence(Ordering::SeqCst);
        if ASLEEP.load(Ordering::Relaxed)
            && ASLEEP.swap(false, Ordering::AcqRel)
            && let Some(watchdog) = WATCHDOG.get()
        {
            watchdog.unpark();
        }
    }

    /// Gives the running turn this much processor time from now on; none for as much as it likes.
    pub(crate) fn allow(&self, cpu: Option<Duration>) {
        let deadline = match cpu {
            Some(cpu) => self.cpu_now().saturating_add(u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX)),
            None => u64::MAX,
        };
        if let Some(running) = &mut *self.running.lock() {
            running.cpu_deadline = deadline;
        }
    }

    /// The turn has ended. False if the thread has been given up meanwhile: then nobody waits for the turn.
    pub(crate) fn finish(&self) -> bool {
        self.in_turn.store(false, Ordering::Release);
        self.running.lock().take().is_some()
    }

    /// The thread's processor time, in nanoseconds. Any thread may ask.
    pub(crate) fn cpu_now(&self) -> u64 {
        // The clock belongs to a registered, hence living, thread.
        read_clock(self.cpu_clock)
    }

    /// What the thread runs takes long, as the thread itself or the watchdog says. It is over with
    /// [`ThreadRecord::take_long`].
    pub(crate) fn begin_long(&self) {
        if let Some(group) = &self.group
            && !self.is_long.swap(true, Ordering::AcqRel)
        {
            group.begin_long();
        }
    }

    /// Whether the turn that has just ended was a long one for the group. To be asked once, by the thread itself.
    pub(crate) fn take_long(&self) -> bool {
        self.is_long.load(Ordering::Acquire) && self.is_long.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// The record of the calling thread if a turn runs on it. Safe to call from a signal handler.
    pub(crate) fn of_current_turn() -> Option<&'static ThreadRecord> {
        let record = CURRENT.get();
        // SAFETY: the pointer is set while the thread holds an `Arc` of its record, and cleared before it gives the
        // `Arc` up. It is used by this same thread only, which does not run that code meanwhile.
        let record = unsafe { record.as_ref() }?;
        record.in_turn.load(Ordering::Acquire).then_some(record)
    }

    pub(crate) fn set_parked(&self, parked: Parked) {
        self.parked.store(parked as u8, Ordering::Release);
    }

    /// Whether a lost turn of this thread can be replaced by a new thread.
    pub(crate) fn is_replaceable(&self) -> bool {
        self.group.is_some()
    }

    /// Looks at the running turn once. True if there is one.
    fn inspect(&self, grace: Duration) -> bool {
        let mut running = self.running.lock();
        let Some(turn) = &mut *running else { return false };
        // It takes long enough for others to wait for it, and for its memory to be looked at.
        let is_long = std::mem::replace(&mut turn.is_seen, true);
        if is_long {
            self.begin_long();
        }
        let parked = self.parked.load(Ordering::Acquire) != Parked::No as u8;
        if turn.told_to_stop.is_none() {
            let reason = if parked {
                Some(Stop::Memory)
            } else if turn.wall_deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                Some(Stop::Wall)
            } else if turn.cpu_deadline != u64::MAX && self.cpu_now() >= turn.cpu_deadline {
                Some(Stop::Cpu)
            } else {
                None
            };
            if let Some(reason) = reason {
                turn.told_to_stop = Some(ToldToStop { reason, at: Instant::now(), cpu_at: self.cpu_now() });
                turn.control.stop(reason);
            } else if turn.control.is_told_to_stop() {
                turn.told_to_stop =
                    Some(ToldToStop { reason: Stop::Canceled, at: Instant::now(), cpu_at: self.cpu_now() });
            } else if is_long {
                turn.isolate.guard().ask_to_check();
            }
        }
        if let Some(told) = turn.told_to_stop {
            // A busy machine may not have let the thread run: count its own time, and the clock only for a thread
            // that is stuck without using any.
            let ran = Duration::from_nanos(self.cpu_now().saturating_sub(told.cpu_at));
            let overdue = parked || ran >= grace || told.at.elapsed() >= 4 * grace;
            if overdue && self.is_replaceable() {
                let lost = running.take();
                drop(running);
                if let Some(lost) = lost {
                    self.give_up(lost, if parked { Stop::Memory } else { told.reason });
                }
                return true;
            }
            turn.control.stop(told.reason);
        }
        true
    }

    fn give_up(&self, turn: RunningTurn, reason: Stop) {
        self.given_up.store(true, Ordering::Release);
        turn.isolate.set_lost(true);
        let heap = turn.isolate.budget().last_known_bytes();
        quarantine::note_lost(self.thread_id, heap, reason);
        if let Some(group) = &self.group {
            group.replace(self.is_long.load(Ordering::Acquire));
        }
        let after: Option<Box<dyn Any + Send>> = turn.control.lose(reason);
        drop(after);
        // Other requests of this isolate wait for a gate that will not open again.
        turn.isolate.gate().abandon();
    }
}

/// A clock's time, in nanoseconds; 0 if there is no such clock.
fn read_clock(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place for the time; any number is allowed as a clock's.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The processor time that the calling thread has used so far.
pub(crate) fn cpu_of_this_thread() -> Duration {
    Duration::from_nanos(read_clock(libc::CLOCK_THREAD_CPUTIME_ID))
}

/// Starts the watchdog. Once a process; later calls do nothing.
pub(crate) fn start(grace: Duration) -> std::io::Result<()> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock();
    if !*started {
        let thread =
            std::thread::Builder::new().name("isolane-watchdog".to_owned()).spawn(move || watch(grace))?;
        let _ = WATCHDOG.set(thread.thread().clone());
        *started = true;
    }
    Ok(())
}

fn watch(grace: Duration) {
    let mut last_turn = Instant::now();
    loop {
        if inspect_all(grace) {
            last_turn = Instant::now();
        } else if last_turn.elapsed() > IDLE_AFTER {
            ASLEEP.store(true, Ordering::SeqCst);
            std::sync::atomic::fence(Ordering::SeqCst);
            if !inspect_all(grace) {
                while ASLEEP.load(Ordering::Acquire) {
                    std::thread::park();
                }
            }
            ASLEEP.store(false, Ordering::Release);
            last_turn = Instant::now();
        }
        std::thread::sleep(TICK);
    }
}

fn inspect_all(grace: Duration) -> bool {
    let records: Vec<Arc<ThreadRecord>> = REGISTRY.read().iter().filter_map(Weak::upgrade).collect();
    let mut any = false;
    for record in records {
        any |= record.inspect(grace);
    }
    any
}
