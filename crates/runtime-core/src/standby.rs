//! Isolates that stand by: made before anybody asks for them, each with a context, so that a request that needs a new
//! isolate gets one in microseconds. One stock and one thread that fills it a process. Which request gets an isolate
//! is the business of modes; what an isolate holds ready, `ahead`'s.
//!
//! The stock has a shelf for each pair of heap limits that was asked for lately. It is bounded in both directions, and
//! emptied where nobody asks any more or memory is short. The thread that fills it waits while every processor has a
//! turn to run, but not for ever, since a stock that stays empty under load would help nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::idle;
use crate::isolate::{self, Isolate};
use crate::limits::RuntimeLimits;
use crate::memory;
use crate::process::V8;
use crate::quarantine;
use crate::turn;
use crate::turn_cell::TurnCell;
use crate::turn_threads;
use crate::watchdog::{ThreadGroup, ThreadRecord};

/// The most shelves.
const SHELVES: usize = 4;
/// A shelf for which nobody has asked for this long is emptied.
const ASKED_WITHIN: Duration = Duration::from_secs(60);
/// How long the thread waits for the machine to have time before it makes an isolate all the same.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long it leaves a request alone that has taken an isolate, if there is another.
const HEAD_START: Duration = Duration::from_millis(2);
/// How often it looks meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// What an isolate cannot change once it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeapLimits {
    initial_mb: u64,
    max_mb: u64,
}

impl HeapLimits {
    fn of(limits: &RuntimeLimits) -> Self {
        Self { initial_mb: limits.heap_initial_mb, max_mb: limits.heap_max_mb }
    }

    fn limits(self) -> RuntimeLimits {
        RuntimeLimits {
            heap_initial_mb: self.initial_mb,
            heap_max_mb: self.max_mb,
            ..RuntimeLimits::unlimited()
        }
    }
}

/// The isolates of some heap limits.
struct Shelf<R> {
    heap: HeapLimits,
    ready: Vec<R>,
    asked: Instant,
}

/// All shelves, the one that was asked for last at the end. It makes and drops nothing itself.
struct Stock<R> {
    shelves: Vec<Shelf<R>>,
    handed_over: u64,
}

impl<R> Stock<R> {
    const fn new() -> Self {
        Self { shelves: Vec::new(), handed_over: 0 }
    }

    /// Notes that isolates with these limits are wanted. Gives back what has to make room for them.
    fn expect(&mut self, heap: HeapLimits, now: Instant) -> Vec<R> {
        let shelf = match self.shelves.iter().position(|shelf| shelf.heap == heap) {
            Some(known) => self.shelves.remove(known),
            None => Shelf { heap, ready: Vec::new(), asked: now },
        };
        self.shelves.push(Shelf { asked: now, ..shelf });
        if self.shelves.len() > SHELVES { self.shelves.remove(0).ready } else { Vec::new() }
    }

    /// As [`Stock::expect`], and takes an isolate if there is one.
    fn take(&mut self, heap: HeapLimits, now: Instant) -> (Option<R>, Vec<R>) {
        let displaced = self.expect(heap, now);
        let taken = self.shelves.last_mut().and_then(|shelf| shelf.ready.pop());
        self.handed_over += u64::from(taken.is_some());
        (taken, displaced)
    }

    /// The limits of which another isolate is to be made, and from when on. An empty shelf comes first; otherwise the
    /// request that has just taken one shall have the machine to itself for a moment.
    fn missing(&self, each: usize) -> Option<(HeapLimits, Instant)> {
        let short = self.shelves.iter().rev().filter(|shelf| shelf.ready.len() < each);
        let due =
            |shelf: &Shelf<R>| shelf.asked + if shelf.ready.is_empty() { Duration::ZERO } else { HEAD_START };
        short.map(|shelf| (shelf.heap, due(shelf))).min_by_key(|(_, due)| *due)
    }

    /// Puts a new isolate in, or gives it back if nobody wants it any more.
    fn put(&mut self, heap: HeapLimits, each: usize, isolate: R) -> Option<R> {
        match self.shelves.iter_mut().find(|shelf| shelf.heap == heap) {
            Some(shelf) if shelf.ready.len() < each => {
                shelf.ready.push(isolate);
                None
            }
            _ => Some(isolate),
        }
    }

    /// No isolate with these limits can be made: nothing stands by until somebody asks again.
    fn forget(&mut self, heap: HeapLimits) {
        self.shelves.retain(|shelf| shelf.heap != heap || !shelf.ready.is_empty());
    }

    /// Takes the shelves out for which nobody has asked for long.
    fn expire(&mut self, now: Instant) -> Vec<R> {
        let is_due = |shelf: &mut Shelf<R>| now.saturating_duration_since(shelf.asked) >= ASKED_WITHIN;
        self.shelves.extract_if(.., is_due).flat_map(|shelf| shelf.ready).collect()
    }

    /// Takes everything out.
    fn clear(&mut self) -> Vec<R> {
        self.shelves.drain(..).flat_map(|shelf| shelf.ready).collect()
    }

    /// When the next shelf will have been left alone for long.
    fn next_expiry(&self) -> Option<Instant> {
        self.shelves.iter().map(|shelf| shelf.asked + ASKED_WITHIN).min()
    }

    fn len(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.ready.len()).sum()
    }
}

static STOCK: Mutex<Stock<Arc<Isolate>>> = Mutex::new(Stock::new());
/// Somebody has asked.
static ASKED: Condvar = Condvar::new();
/// The thread is there.
static IS_STARTED: AtomicBool = AtomicBool::new(false);
/// Isolates that could not be made, for the log: it tells of the first only.
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// How many isolates each shelf has, or none if no isolates are to stand by.
fn each() -> Option<usize> {
    let each = V8::running()?.config().standby_isolates;
    (each > 0).then_some(each)
}

/// See [`Isolate::standing_by`].
pub(crate) fn take(limits: &RuntimeLimits) -> Option<Arc<Isolate>> {
    each()?;
    let (isolate, displaced) = STOCK.lock().take(HeapLimits::of(limits), Instant::now());
    drop(displaced);
    wake();
    isolate
}

/// See [`Isolate::expect`].
pub(crate) fn expect(limits: &RuntimeLimits) {
    if each().is_some() {
        let displaced = STOCK.lock().expect(HeapLimits::of(limits), Instant::now());
        drop(displaced);
        wake();
    }
}

/// Lets everything go: memory is short, or nobody is expected any more.
pub(crate) fn trim() {
    let all = STOCK.lock().clear();
    drop(all);
}

/// How many stand by, and how many have been handed over.
pub(crate) fn counters() -> (usize, u64) {
    let stock = STOCK.lock();
    (stock.len(), stock.handed_over)
}

fn wake() {
    if !IS_STARTED.swap(true, Ordering::AcqRel) {
        start();
    }
    ASKED.notify_one();
}

fn start() {
    let spawned = std::thread::Builder::new()
        .name("isolane-standby".to_owned())
        .stack_size(turn_threads::STACK_BYTES)
        .spawn(fill);
    if let Err(error) = spawned {
        // The next one who asks tries again.
        IS_STARTED.store(false, Ordering::Release);
        tracing::warn!(%error, "the thread that makes isolates ahead could not be started");
    }
}

/// The thread, for the watchdog: nothing else waits for what it does.
struct Factory;

impl ThreadGroup for Factory {
    fn begin_long(&self) {}

    fn replace(&self, _was_long: bool) {
        idle::end();
        start();
    }
}

/// The thread: makes what is missing, and disposes of what is not asked for. It never ends, and does not keep the
/// process from ending.
fn fill() {
    // V8 could run out of memory in a context's making; then this thread is given up like any other.
    let record = ThreadRecord::register(Some(Box::new(Factory)));
    let Some(each) = each() else { return };
    loop {
        let heap = next(each);
        idle::begin();
        isolate::reduce_backlog();
        let made = make(heap, &record);
        if record.is_given_up() {
            break;
        }
        idle::end();
        let unwanted = match made {
            Some(isolate) => STOCK.lock().put(heap, each, isolate),
            None => {
                STOCK.lock().forget(heap);
                None
            }
        };
        drop(unwanted);
    }
    record.unregister();
}

/// Waits until an isolate is missing and there is time to make it.
fn next(each: usize) -> HeapLimits {
    let mut waited = Duration::ZERO;
    let mut stock = STOCK.lock();
    loop {
        let expired = stock.expire(Instant::now());
        if !expired.is_empty() {
            parking_lot::MutexGuard::unlocked(&mut stock, || drop(expired));
        }
        let may_make = !memory::is_process_full() && quarantine::health().is_healthy();
        let missing = stock.missing(each).filter(|_| may_make);
        match missing {
            Some((_, due)) if due > Instant::now() => {
                ASKED.wait_until(&mut stock, due);
            }
            Some((heap, _)) if !idle::is_machine_busy() || waited >= PATIENCE => return heap,
            Some(_) => {
                if ASKED.wait_for(&mut stock, LOOK_AGAIN).timed_out() {
                    waited += LOOK_AGAIN;
                }
            }
            None => {
                waited = Duration::ZERO;
                match stock.next_expiry() {
                    Some(at) => drop(ASKED.wait_until(&mut stock, at)),
                    None => ASKED.wait(&mut stock),
                }
            }
        }
    }
}

/// Makes an isolate with a context in it.
fn make(heap: HeapLimits, record: &ThreadRecord) -> Option<Arc<Isolate>> {
    let isolate = match Isolate::make(&heap.limits(), true) {
        Ok(isolate) => isolate,
        Err(error) => {
            if FAILURES.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!(%error, "an isolate could not be made ahead");
            }
            return None;
        }
    };
    let pass = isolate.gate().try_enter()?;
    let owner = Arc::clone(&isolate);
    turn_threads::run_here(record, &isolate, pass, &TurnCell::new(), None, move |token, meter| {
        if let Some(context) = turn::make_context(&owner, token) {
            owner.ahead().put_context(context, meter.used());
        }
    });
    (!isolate.is_condemned()).then_some(isolate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: HeapLimits = HeapLimits { initial_mb: 0, max_mb: 16 };

    fn kind(max_mb: u64) -> HeapLimits {
        HeapLimits { initial_mb: 0, max_mb }
    }

    #[test]
    fn a_shelf_is_filled_after_somebody_has_asked_and_never_above_its_size() {
        let mut stock = Stock::new();
        let now = Instant::now();
        assert_eq!(stock.missing(2), None);
        assert_eq!(stock.take(SMALL, now), (None, vec![]));
        assert_eq!(stock.missing(2), Some((SMALL, now)));
        assert_eq!(stock.put(SMALL, 2, 1), None);
        assert_eq!(stock.put(SMALL, 2, 2), None);
        assert_eq!(stock.missing(2), None);
        assert_eq!(stock.put(SMALL, 2, 3), Some(3));
        assert_eq!(stock.take(SMALL, now).0, Some(2));
        assert_eq!(stock.missing(2), Some((SMALL, now + HEAD_START)));
        assert_eq!(stock.take(SMALL, now).0, Some(1));
        assert_eq!(stock.missing(2), Some((SMALL, now)), "an empty shelf cannot wait");
    }

    #[test]
    fn isolates_whose_limits_are_not_asked_for_any_more_go() {
        let mut stock = Stock::new();
        let start = Instant::now();
        for (number, max_mb) in [16, 32].into_iter().enumerate() {
            assert!(stock.expect(kind(max_mb), start).is_empty());
            assert_eq!(stock.put(kind(max_mb), 1, number), None);
        }
        let later = start + ASKED_WITHIN / 2;
        assert!(stock.expect(kind(32), later).is_empty());
        assert!(stock.expire(later).is_empty());
        assert_eq!(stock.next_expiry(), Some(start + ASKED_WITHIN));
        assert_eq!(stock.expire(start + ASKED_WITHIN), [0]);
        assert_eq!(stock.len(), 1);
        assert_eq!(stock.expire(later + ASKED_WITHIN), [1]);
        assert_eq!(stock.next_expiry(), None);
    }

    #[test]
    fn too_many_kinds_make_the_one_asked_for_longest_ago_go() {
        let mut stock = Stock::new();
        let now = Instant::now();
        for max_mb in 0..SHELVES as u64 {
            assert!(stock.expect(kind(max_mb), now).is_empty());
            assert_eq!(stock.put(kind(max_mb), 1, max_mb), None);
        }
        assert_eq!(stock.take(kind(0), now), (Some(0), vec![]));
        assert_eq!(stock.take(kind(99), now), (None, vec![1]));
        assert_eq!(stock.put(kind(1), 1, 1), Some(1), "its shelf is gone");
        assert_eq!(stock.missing(1), Some((kind(99), now)), "who asked last is served first");
    }
}
