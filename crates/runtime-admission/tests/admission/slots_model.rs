//! Random schedules of everything that a user of `Slots` can do, against a reference that is a few
//! lists: who waits in which order, who is on which slot, which resources live.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use runtime_admission::{Acquire, AcquireError, Lease, QueueBound, Slots, SlotsConfig, Start};

use crate::support::Task;

type Key = u8;
const KEYS: Key = 4;

/// An isolate that remembers whose it is and counts itself.
struct Isolate {
    owner: Key,
    slot: u64,
    alive: Arc<AtomicUsize>,
}

impl Drop for Isolate {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Acquire(Key),
    TryAcquire(Key),
    Poll(usize),
    DropFuture(usize),
    Fill(usize),
    Release(usize),
    Retire(usize),
    Forfeit(usize),
    EvictIdle(Key),
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..64_usize;
    prop_oneof![
        12 => (0..KEYS).prop_map(Step::Acquire),
        2 => (0..KEYS).prop_map(Step::TryAcquire),
        6 => any.clone().prop_map(Step::Poll),
        2 => any.clone().prop_map(Step::DropFuture),
        8 => any.clone().prop_map(Step::Fill),
        9 => any.clone().prop_map(Step::Release),
        1 => any.clone().prop_map(Step::Retire),
        1 => any.prop_map(Step::Forfeit),
        1 => (0..KEYS).prop_map(Step::EvictIdle),
    ]
}

struct Waiting {
    key: Key,
    task: Task<Acquire<Key, Arc<Isolate>>>,
}

struct World {
    slots: Slots<Key, Arc<Isolate>>,
    config: SlotsConfig,
    alive: Arc<AtomicUsize>,
    /// In the order of asking.
    waiting: Vec<Waiting>,
    leases: Vec<Lease<Key, Arc<Isolate>>>,
    retired: HashSet<u64>,
    /// Kept alive on purpose, like isolates in quarantine.
    forfeited: Vec<Arc<Isolate>>,
    forfeited_slots: HashSet<u64>,
    asked: u64,
    /// Futures dropped while they waited, or after they had been granted a place.
    left: u64,
}

impl World {
    fn new(config: SlotsConfig, patience: usize) -> Self {
        Self {
            slots: Slots::with_patience(config, patience).unwrap(),
            config,
            alive: Arc::default(),
            waiting: Vec::new(),
            leases: Vec::new(),
            retired: HashSet::new(),
            forfeited: Vec::new(),
            forfeited_slots: HashSet::new(),
            asked: 0,
            left: 0,
        }
    }

    fn admit(&mut self, key: Key, mut lease: Lease<Key, Arc<Isolate>>) -> Result<(), TestCaseError> {
        prop_assert_eq!(*lease.key(), key);
        prop_assert_eq!(lease.resource().is_none(), lease.start() == Start::Created);
        let id = lease.slot_id();
        prop_assert!(!self.retired.contains(&id), "a condemned slot was given out");
        prop_assert!(!self.forfeited_slots.contains(&id), "a forfeited slot was given out");
        for evicted in lease.take_evicted() {
            prop_assert_eq!(Arc::strong_count(&evicted), 1, "a resource in use was evicted");
            prop_assert!(self.leases.iter().all(|other| other.slot_id() != evicted.slot));
        }
        if let Some(isolate) = lease.resource() {
            prop_assert_eq!(isolate.owner, key, "an isolate serves two owners");
            prop_assert_eq!(isolate.slot, id);
        } else {
            prop_assert!(self.leases.iter().all(|other| other.slot_id() != id));
        }
        self.leases.push(lease);
        Ok(())
    }

    fn queued(&self, key: Key) -> usize {
        self.waiting.iter().filter(|waiting| waiting.key == key && waiting.task.wakes() == 0).count()
    }

    fn acquire(&mut self, key: Key) -> Result<(), TestCaseError> {
        let (of_key, of_all) =
            (self.queued(key), self.waiting.iter().filter(|w| w.task.wakes() == 0).count());
        self.asked += 1;
        let (task, first) = Task::start(self.slots.acquire(&key));
        match first {
            Poll::Pending => {
                prop_assert!(of_key < self.config.queue_per_key && of_all < self.config.queue_total);
                self.waiting.push(Waiting { key, task });
            }
            Poll::Ready(Ok(lease)) => {
                prop_assert_eq!(of_key, 0, "a newcomer barged in");
                self.admit(key, lease)?;
            }
            Poll::Ready(Err(AcquireError::QueueFull { bound: QueueBound::Key, limit })) => {
                prop_assert!(of_key >= limit && limit == self.config.queue_per_key);
            }
            Poll::Ready(Err(AcquireError::QueueFull { bound: QueueBound::Total, limit })) => {
                prop_assert!(of_all >= limit && limit == self.config.queue_total);
            }
            Poll::Ready(Err(other)) => prop_assert!(false, "unexpected: {other}"),
        }
        Ok(())
    }

    fn poll(&mut self, i: usize) -> Result<(), TestCaseError> {
        let woken = self.waiting[i].task.wakes();
        match self.waiting[i].task.poll() {
            Poll::Pending => prop_assert_eq!(woken, 0, "woken in vain"),
            Poll::Ready(answer) => {
                prop_assert_eq!(woken, 1, "not woken once, but served");
                let Waiting { key, .. } = self.waiting.remove(i);
                self.admit(key, answer.unwrap())?;
            }
        }
        Ok(())
    }

    /// Those that had been granted a place on the condemned slot wait again.
    fn poll_after_condemning(&mut self) -> Result<(), TestCaseError> {
        let mut i = 0;
        while i < self.waiting.len() {
            let waiting = &mut self.waiting[i];
            match waiting.task.wakes() {
                0 => i += 1,
                _ => match waiting.task.poll() {
                    Poll::Pending => {
                        waiting.task.rearm();
                        i += 1;
                    }
                    Poll::Ready(answer) => {
                        let Waiting { key, .. } = self.waiting.remove(i);
                        self.admit(key, answer.unwrap())?;
                    }
                },
            }
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (leases, waiting) = (self.leases.len(), self.waiting.len());
        match step {
            Step::Acquire(key) => self.acquire(key)?,
            Step::TryAcquire(key) => {
                let barred = self.queued(key) > 0;
                if let Some(lease) = self.slots.try_acquire(&key) {
                    prop_assert!(!barred, "a newcomer barged in");
                    self.asked += 1;
                    self.admit(key, lease)?;
                }
            }
            Step::Poll(i) if waiting > 0 => self.poll(i % waiting)?,
            Step::DropFuture(i) if waiting > 0 => {
                self.waiting.remove(i % waiting);
                self.left += 1;
            }
            Step::Fill(i) if leases > 0 => {
                let lease = &mut self.leases[i % leases];
                if lease.resource().is_none() {
                    self.alive.fetch_add(1, Ordering::SeqCst);
                    let (owner, slot, alive) = (*lease.key(), lease.slot_id(), Arc::clone(&self.alive));
                    lease.fill(Arc::new(Isolate { owner, slot, alive }));
                }
            }
            Step::Release(i) if leases > 0 => drop(self.leases.swap_remove(i % leases)),
            Step::Retire(i) if leases > 0 => {
                let lease = &mut self.leases[i % leases];
                lease.retire();
                if !self.forfeited_slots.contains(&lease.slot_id()) {
                    self.retired.insert(lease.slot_id());
                }
                self.poll_after_condemning()?;
            }
            Step::Forfeit(i) if leases > 0 => {
                let lease = self.leases.swap_remove(i % leases);
                let id = lease.slot_id();
                let isolate = lease.forfeit();
                if self.forfeited_slots.insert(id) {
                    self.forfeited.extend(isolate);
                }
                self.poll_after_condemning()?;
            }
            Step::EvictIdle(key) => {
                for evicted in self.slots.evict_idle(|of, _| *of != key) {
                    prop_assert_eq!((evicted.owner, Arc::strong_count(&evicted)), (key, 1));
                }
            }
            _ => {}
        }
        self.check()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let stats = self.slots.stats();
        prop_assert!(stats.slots <= self.config.capacity, "overcommitted");
        let alive = self.alive.load(Ordering::SeqCst) - self.forfeited.len();
        prop_assert!(alive <= self.config.capacity, "more resources than the capacity");
        prop_assert!(alive <= stats.slots + self.waiting.len());

        let mut queued = 0;
        for key in 0..KEYS {
            // Within a key, those that have been served are those that asked first.
            let served: Vec<bool> =
                self.waiting.iter().filter(|w| w.key == key).map(|w| w.task.wakes() > 0).collect();
            prop_assert!(served.is_sorted_by(|a, b| a >= b), "overtaken within a key");
            prop_assert_eq!(self.slots.waiting(&key), self.queued(key));
            queued += self.queued(key);
            let unpolled = served.iter().filter(|served| **served).count();
            let held = self.leases.iter().filter(|lease| *lease.key() == key).count();
            prop_assert_eq!(self.slots.in_use(&key), held + unpolled);
            prop_assert!(self.slots.slots_of(&key) <= self.config.per_key.unwrap_or(usize::MAX));
        }
        prop_assert_eq!(stats.waiting, queued);
        prop_assert_eq!(stats.users, self.leases.len() + self.waiting.len() - queued);
        prop_assert_eq!(
            stats.hits + stats.created + stats.shed + self.waiting.len() as u64 + self.left,
            self.asked
        );
        prop_assert_eq!(stats.abandoned, self.left);
        prop_assert_eq!(
            (stats.retired, stats.forfeited),
            (self.retired.len() as u64, self.forfeited_slots.len() as u64)
        );

        let mut users: BTreeMap<u64, usize> = BTreeMap::new();
        let mut filled: HashMap<u64, Key> = HashMap::new();
        for lease in &self.leases {
            *users.entry(lease.slot_id()).or_default() += 1;
            if lease.resource().is_some() {
                filled.insert(lease.slot_id(), *lease.key());
            }
        }
        prop_assert!(users.values().all(|&users| users <= self.config.users_per_slot));

        // What an unpolled grant is on cannot be seen, so the rest is for the moments without one.
        if stats.users != self.leases.len() {
            return Ok(());
        }
        let in_use = users.keys().filter(|id| !self.forfeited_slots.contains(id)).count();
        prop_assert_eq!(stats.slots, in_use + stats.idle);
        let wants_capacity = |key: Key| {
            self.queued(key) > 0 && self.slots.slots_of(&key) < self.config.per_key.unwrap_or(usize::MAX)
        };
        for key in (0..KEYS).filter(|&key| self.queued(key) > 0) {
            let grows = wants_capacity(key) && (stats.slots < self.config.capacity || stats.idle > 0);
            prop_assert!(!grows, "a waiter that capacity would serve was not served");
            let shares = users.iter().any(|(id, &users)| {
                filled.get(id) == Some(&key)
                    && users < self.config.users_per_slot
                    && !self.retired.contains(id)
                    && !self.forfeited_slots.contains(id)
            });
            let rival = (0..KEYS).any(|rival| rival != key && wants_capacity(rival));
            prop_assert!(!shares || rival, "a waiter that could share was not served, for nobody's sake");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_order_and_wake_ups_hold_on_any_schedule(
        bounds in (1..5_usize, proptest::option::of(1..4_usize), 1..4_usize, 0..6_usize, 0..12_usize),
        patience in 0..4_usize,
        polls_at_once in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..150),
    ) {
        let (capacity, per_key, users_per_slot, queue_per_key, queue_total) = bounds;
        let config = SlotsConfig { capacity, per_key, users_per_slot, queue_per_key, queue_total };
        let mut world = World::new(config, patience);
        for step in steps {
            world.step(step)?;
            while polls_at_once && let Some(next) = world.waiting.iter().position(|w| w.task.wakes() > 0) {
                world.poll(next)?;
                world.check()?;
            }
        }
        // When everybody leaves, nothing is left but idle slots, and then nothing.
        world.waiting.clear();
        world.leases.clear();
        let stats = world.slots.stats();
        prop_assert_eq!((stats.users, stats.waiting, stats.slots), (0, 0, stats.idle));
        prop_assert_eq!(world.slots.evict_idle(|_, _| false).len(), stats.idle);
        prop_assert_eq!(world.slots.stats().keys, 0);
        prop_assert_eq!(world.alive.load(Ordering::SeqCst), world.forfeited.len());
    }
}
