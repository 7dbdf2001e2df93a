//! Random walks over [`State`] that check its books and its invariants after every step. What a
//! user of the crate would notice is checked from outside, in `tests/`.

use std::collections::HashSet;
use std::sync::Arc;
use std::task::{Wake, Waker};

use proptest::prelude::*;

use super::super::config::{SlotsConfig, Start};
use super::super::wakes::Wakes;
use super::{Asked, Polled, SlotIndex, State, Waiter, WaiterIndex, Withdrawn};

type Key = u8;
type Resource = Arc<Key>;

struct NoWake;

impl Wake for NoWake {
    fn wake(self: Arc<Self>) {}
}

impl State<Key, Resource> {
    fn check(&self) {
        let counted: Vec<SlotIndex> =
            self.all_slots().into_iter().filter(|&slot| !self.slots[slot].forfeited).collect();
        assert_eq!(counted.len(), self.counted);
        assert!(self.counted <= self.config.capacity, "more slots than the capacity");
        assert_eq!(self.key_index.len(), self.keys.len());
        assert!(
            self.counted == self.config.capacity || self.ring.is_empty(),
            "capacity is free past a waiter"
        );
        assert!(self.idle.is_empty() || self.ring.is_empty(), "a slot is idle past a waiter");
        assert_eq!(
            self.claims.iter().copied().collect::<HashSet<_>>(),
            self.all_slots().into_iter().filter(|&slot| self.slots[slot].claimed).collect::<HashSet<_>>(),
        );
        for &slot in &self.claims {
            assert!(self.rival_of(self.slots[slot].key).is_some(), "a claim that nobody needs");
            assert!(self.slots[slot].users > 0, "an empty slot is handed over and not kept");
        }
        let (mut users, mut waiting) = (0, 0);
        for (key, &index) in &self.key_index {
            let entry = &self.keys[index];
            assert_eq!(key, &entry.key);
            let own: Vec<SlotIndex> =
                counted.iter().copied().filter(|&slot| self.slots[slot].key == index).collect();
            assert_eq!(own.len(), entry.counted);
            assert!(entry.counted <= self.config.slots_per_key(), "more slots than the key's share");
            assert!(
                entry.counted > 0 || entry.forfeited > 0 || !entry.queue.is_empty(),
                "a key that nothing refers to"
            );
            let open: HashSet<SlotIndex> = entry.open.iter().flatten().copied().collect();
            let expected: HashSet<SlotIndex> =
                own.iter().copied().filter(|&slot| self.slots[slot].is_open(&self.config)).collect();
            assert_eq!(open, expected);
            for (load, slots) in entry.open.iter().enumerate() {
                assert!(slots.iter().all(|&slot| self.slots[slot].users == load));
            }
            assert!(entry.queue.is_empty() || open.is_empty(), "an open slot past a waiter of its key");
            let in_ring = !entry.queue.is_empty() && entry.counted < self.config.slots_per_key();
            assert_eq!(self.ring.contains(&index), in_ring);
            for &waiter in &entry.queue {
                assert!(matches!(self.waiters[waiter], Waiter::Waiting(of, _) if of == index));
            }
            users += entry.users;
            waiting += entry.queue.len();
        }
        assert_eq!((users, waiting), (self.stats.users, self.stats.waiting));
        assert_eq!(users, self.all_slots().iter().map(|&slot| self.slots[slot].users).sum::<usize>());
        for slot in self.all_slots() {
            for &waiter in &self.slots[slot].granted {
                assert!(!self.is_retired(slot), "somebody will begin on a condemned slot");
                assert!(matches!(&self.waiters[waiter], Waiter::Granted(grant) if grant.slot == slot));
            }
        }
        let idle: HashSet<SlotIndex> = counted
            .iter()
            .copied()
            .filter(|&slot| self.slots[slot].is_open(&self.config) && self.slots[slot].users == 0)
            .collect();
        assert_eq!(self.idle.iter().copied().collect::<HashSet<_>>(), idle);
    }

    fn all_slots(&self) -> Vec<SlotIndex> {
        self.slots.indices().collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Ask(Key),
    Try(Key),
    Poll(usize),
    Withdraw(usize),
    Fill(usize),
    Leave(usize),
    Retire(usize),
    Forfeit(usize),
    EvictIdle(Key),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..64_usize;
    prop_oneof![
        12 => (0..4_u8).prop_map(Step::Ask),
        2 => (0..4_u8).prop_map(Step::Try),
        6 => any.clone().prop_map(Step::Poll),
        2 => any.clone().prop_map(Step::Withdraw),
        8 => any.clone().prop_map(Step::Fill),
        9 => any.clone().prop_map(Step::Leave),
        1 => any.clone().prop_map(Step::Retire),
        1 => any.prop_map(Step::Forfeit),
        1 => (0..4_u8).prop_map(Step::EvictIdle),
        1 => Just(Step::Close),
    ]
}

fn config() -> impl Strategy<Value = SlotsConfig> {
    (1..5_usize, proptest::option::of(1..4_usize), 1..4_usize, 0..6_usize, 0..12_usize).prop_map(
        |(capacity, per_key, users_per_slot, queue_per_key, queue_total)| SlotsConfig {
            capacity,
            per_key,
            users_per_slot,
            queue_per_key,
            queue_total,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_stay_true_on_any_walk(
        config in config(),
        patience in 0..4_usize,
        steps in proptest::collection::vec(step(), 1..200),
        may_close in proptest::bool::weighted(0.1),
    ) {
        let mut state: State<Key, Resource> = State::new(config, patience);
        let waker = Waker::from(Arc::new(NoWake));
        let mut waiters: Vec<WaiterIndex> = Vec::new();
        let mut leases: Vec<SlotIndex> = Vec::new();
        for step in steps {
            let mut wakes = Wakes::default();
            let pick = |of: usize, n: usize| (n > 0).then(|| of % n.max(1));
            match step {
                Step::Ask(key) => match state.ask(&key) {
                    Asked::Granted(grant) => leases.push(grant.slot),
                    Asked::Queued(waiter) => waiters.push(waiter),
                    Asked::Refused(_) => {}
                },
                Step::Try(key) => leases.extend(state.try_admit(&key).map(|grant| grant.slot)),
                Step::Poll(i) => if let Some(i) = pick(i, waiters.len()) {
                    match state.poll(waiters[i], &waker) {
                        Polled::Pending(_) => {}
                        Polled::Granted(grant) => {
                            prop_assert_eq!(grant.resource.is_none(), grant.start == Start::Created);
                            waiters.swap_remove(i);
                            leases.push(grant.slot);
                        }
                        Polled::Refused => { waiters.swap_remove(i); }
                    }
                },
                Step::Withdraw(i) => if let Some(i) = pick(i, waiters.len()) {
                    let withdrawn = state.withdraw(waiters.swap_remove(i), &mut wakes);
                    if let Some(Withdrawn::Granted(grant)) = withdrawn {
                        leases.push(grant.slot);
                    }
                },
                Step::Fill(i) => if let Some(i) = pick(i, leases.len()) {
                    let slot = leases[i];
                    if state.slots[slot].resource.is_none() && !state.slots[slot].forfeited {
                        let key = *state.keys[state.slots[slot].key].key;
                        state.fill(slot, Arc::new(key), &mut wakes);
                    }
                },
                Step::Leave(i) => if let Some(i) = pick(i, leases.len()) {
                    let slot = leases.swap_remove(i);
                    if let Some(resource) = state.leave(slot, &mut wakes) {
                        state.check();
                        drop(resource);
                        state.finish(slot, &mut wakes);
                    }
                },
                Step::Retire(i) => if let Some(i) = pick(i, leases.len()) {
                    drop(state.retire(leases[i], &mut wakes));
                },
                Step::Forfeit(i) => if let Some(i) = pick(i, leases.len()) {
                    let slot = leases.swap_remove(i);
                    drop(state.forfeit(slot, &mut wakes));
                    state.check();
                    prop_assert!(state.leave(slot, &mut wakes).is_none());
                },
                Step::EvictIdle(key) => drop(state.evict_idle(|of, _| *of != key, &mut wakes)),
                Step::Close => if may_close { state.close(&mut wakes) },
            }
            state.check();
        }
        // Everybody leaves: nothing may be left behind.
        for waiter in waiters {
            let mut wakes = Wakes::default();
            if let Some(Withdrawn::Granted(grant)) = state.withdraw(waiter, &mut wakes) {
                leases.push(grant.slot);
            }
            state.check();
        }
        for slot in leases {
            let mut wakes = Wakes::default();
            if state.leave(slot, &mut wakes).is_some() {
                state.finish(slot, &mut wakes);
            }
            state.check();
        }
        drop(state.evict_idle(|_, _| false, &mut Wakes::default()));
        state.check();
        prop_assert_eq!((state.slots.len(), state.waiters.len(), state.keys.len()), (0, 0, 0));
    }
}
