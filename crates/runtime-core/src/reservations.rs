//! Ranges of addresses that V8 reserves for a guest without asking the host: those of resizable and growable buffers,
//! of WebAssembly memories, and of the stacks of suspended WebAssembly calls. They cost little memory and much of two
//! things that a process has only so many of: addresses, and mappings, without which V8 cannot grow any heap and
//! ends the process. This module counts them; who must ask for one, and before what, is the guest's world's business.
//!
//! What is held is bounded for all isolates together. One isolate may hold one part in so many of what is then still
//! free: so each that takes all that it gets leaves most of it, and after a hundred of them one that needs little
//! still finds it.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::memory::{MemoryBudget, make_room};

/// The most ranges that one isolate may hold, however many are free.
const RANGES_PER_ISOLATE: usize = 1024;

/// One isolate may hold one part in so many of what is free.
const SHARE: usize = 32;

/// What all isolates may hold together.
struct Capacity {
    ranges: usize,
    addresses: usize,
}

static CAPACITY: LazyLock<Capacity> = LazyLock::new(|| {
    // Linux's own default, for where it does not tell.
    const USUAL_MAPPINGS: usize = 65_530;
    let mappings = std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(USUAL_MAPPINGS);
    Capacity {
        // A range takes two mappings, one for what is in use and one for what is not: that makes half of all.
        ranges: mappings / 4,
        // Half of what the processor lets a process have.
        addresses: 1 << 46,
    }
});

static HELD: Held = Held { ranges: AtomicUsize::new(0), addresses: AtomicUsize::new(0) };

/// What is held, by an isolate or by all of them.
#[derive(Debug, Default)]
pub(crate) struct Held {
    ranges: AtomicUsize,
    addresses: AtomicUsize,
}

impl Held {
    fn add(&self, space: Space) {
        self.ranges.fetch_add(space.ranges, Ordering::Relaxed);
        self.addresses.fetch_add(space.addresses, Ordering::Relaxed);
    }

    fn subtract(&self, space: Space) {
        self.ranges.fetch_sub(space.ranges, Ordering::Relaxed);
        self.addresses.fetch_sub(space.addresses, Ordering::Relaxed);
    }
}

/// What a guest asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Ranges of addresses.
    pub ranges: usize,
    /// Bytes of addresses, in all of them together.
    pub addresses: usize,
    /// Bytes that are in use at once and that V8 does not count. They are charged to the isolate's budget.
    pub bytes: usize,
}

/// A part of the process's space, held until this is dropped.
#[derive(Debug)]
struct Reservation {
    space: Space,
    budget: Arc<MemoryBudget>,
    /// A buffer must have a byte.
    mark: [u8; 1],
}

impl Reservation {
    /// Takes space for an isolate. None if it, or all isolates together, would hold too much.
    fn take(budget: &Arc<MemoryBudget>, space: Space) -> Option<Self> {
        let allowed = |own: &AtomicUsize, all: &AtomicUsize, capacity: usize, wanted: usize| {
            let own = own.load(Ordering::Relaxed).saturating_add(wanted);
            let free = capacity.saturating_sub(all.load(Ordering::Relaxed));
            wanted == 0 || own <= free / SHARE
        };
        // Isolates that ask at the same moment may each get the last of it: the capacity leaves room for that.
        let held = budget.held();
        let fits = allowed(&held.ranges, &HELD.ranges, CAPACITY.ranges, space.ranges)
            && allowed(&held.addresses, &HELD.addresses, CAPACITY.addresses, space.addresses)
            && held.ranges.load(Ordering::Relaxed).saturating_add(space.ranges) <= RANGES_PER_ISOLATE
            && budget.charge(space.bytes);
        if !fits {
            return None;
        }
        held.add(space);
        HELD.add(space);
        Some(Self { space, budget: Arc::clone(budget), mark: [0] })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.discharge(self.space.bytes);
        self.budget.held().subtract(self.space);
        HELD.subtract(self.space);
    }
}

impl AsMut<[u8]> for Reservation {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.mark
    }
}

/// Takes space for the isolate that runs, collecting garbage if there is none. None if there is none then.
///
/// The space is held for as long as the buffer that comes back is alive: the caller ties it to the life of what it was
/// asked for. No guest may get hold of it.
pub fn reserve<'s>(scope: &mut v8::PinScope<'s, '_>, space: Space) -> Option<v8::Local<'s, v8::ArrayBuffer>> {
    // None while a snapshot is made, when no guest runs.
    let Some(budget) = scope.get_slot::<Arc<MemoryBudget>>().cloned() else {
        return Some(v8::ArrayBuffer::new(scope, 0));
    };
    // What no isolate gets, garbage does not help to.
    let is_hopeless = space.ranges > RANGES_PER_ISOLATE.min(CAPACITY.ranges / SHARE)
        || space.addresses > CAPACITY.addresses / SHARE;
    if is_hopeless {
        return None;
    }
    let reservation = make_room(scope, |_| Reservation::take(&budget, space))?;
    let store = v8::ArrayBuffer::new_backing_store_from_bytes(Box::new(reservation));
    Some(v8::ArrayBuffer::with_backing_store(scope, &store.make_shared()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counters are the process's: one test at a time.
    static ONE_AT_A_TIME: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

    const RANGE: Space = Space { ranges: 1, addresses: 1 << 20, bytes: 0 };

    fn all_of(budget: &Arc<MemoryBudget>, space: Space) -> Vec<Reservation> {
        std::iter::from_fn(|| Reservation::take(budget, space)).collect()
    }

    #[test]
    fn an_isolate_gets_back_what_it_lets_go() {
        let _one = ONE_AT_A_TIME.lock();
        let budget = MemoryBudget::new(Some(1 << 20));
        let space = Space { ranges: 1, addresses: 1 << 30, bytes: 1 << 20 };
        let first = Reservation::take(&budget, space).expect("there is space");
        assert_eq!(budget.buffer_bytes(), 1 << 20);
        assert!(Reservation::take(&budget, space).is_none(), "the budget is used up");
        drop(first);
        assert!(Reservation::take(&budget, space).is_some());
        assert_eq!(budget.buffer_bytes(), 0);
        assert_eq!(HELD.ranges.load(Ordering::Relaxed), 0);
        assert_eq!(HELD.addresses.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn one_isolate_alone_is_bounded() {
        let _one = ONE_AT_A_TIME.lock();
        let budget = MemoryBudget::new(None);
        let kept = all_of(&budget, RANGE);
        assert!(kept.len() <= RANGES_PER_ISOLATE, "{}", kept.len());
        drop(kept);
        let huge = Space { addresses: 1 << 45, ..RANGE };
        assert!(Reservation::take(&budget, huge).is_none());
    }

    #[test]
    fn isolates_that_take_all_they_get_leave_something_for_another() {
        let _one = ONE_AT_A_TIME.lock();
        for space in [RANGE, Space { addresses: 1 << 36, ..RANGE }] {
            let budgets: Vec<_> = (0..100).map(|_| MemoryBudget::new(None)).collect();
            let kept: Vec<_> = budgets.iter().map(|budget| all_of(budget, space)).collect();
            assert!(HELD.ranges.load(Ordering::Relaxed) < CAPACITY.ranges);
            assert!(HELD.addresses.load(Ordering::Relaxed) < CAPACITY.addresses);
            let modest = MemoryBudget::new(None);
            assert!(Reservation::take(&modest, RANGE).is_some(), "{space:?}");
            drop(kept);
        }
    }
}
