//! Between keys nobody starves: what `Slots` promises about patience, claims and turns.

use std::sync::Arc;

use proptest::prelude::*;
use runtime_admission::{DEFAULT_PATIENCE, Lease, Slots, SlotsConfig, Start};

use crate::support::{Task, at_once, filled, lease, roomy, waits, woken};

type Set = Slots<u8, Arc<str>>;
type Place = Lease<u8, Arc<str>>;

const BUSY: u8 = 0;
const RIVAL: u8 = 1;

#[test]
fn a_key_that_is_always_busy_gives_its_slot_up_after_the_patience() {
    let slots = Set::new(roomy(1)).unwrap();
    let mut held = lease(&slots, BUSY, "busy".into());
    let rival = waits(slots.acquire(&RIVAL));
    for _ in 0..DEFAULT_PATIENCE {
        let next = waits(slots.acquire(&BUSY));
        drop(held);
        held = woken(next).unwrap();
        assert_eq!(held.start(), Start::Hit, "no resource is made anew within the patience");
        assert_eq!(rival.wakes(), 0);
    }
    let next = waits(slots.acquire(&BUSY));
    drop(held);
    let mut rival = woken(rival).unwrap();
    assert_eq!(rival.take_evicted().len(), 1);
    rival.fill("rival".into());
    assert_eq!(next.wakes(), 0);
    drop(rival);
    assert_eq!(woken(next).unwrap().start(), Start::Created, "and back again, in turn");
}

#[test]
fn a_slot_that_is_never_empty_is_claimed_drained_and_handed_over() {
    let slots = Set::with_patience(SlotsConfig { users_per_slot: 4, ..roomy(1) }, 2).unwrap();
    let first = lease(&slots, BUSY, "busy".into());
    let rival = waits(slots.acquire(&RIVAL));
    let second = lease(&slots, BUSY, "never".into());
    let third = lease(&slots, BUSY, "never".into());
    let newcomer = waits(slots.acquire(&BUSY));
    assert_eq!(slots.in_use(&BUSY), 3, "there would be a place, but the rival is due");
    drop((first, second));
    assert_eq!((rival.wakes(), newcomer.wakes()), (0, 0));
    drop(third);
    let rival = filled(woken(rival), "rival".into());
    assert_eq!(newcomer.wakes(), 0);
    drop(rival);
    assert!(woken(newcomer).is_ok());
}

#[test]
fn a_claim_is_given_back_when_the_rival_leaves() {
    let slots = Set::with_patience(SlotsConfig { users_per_slot: 2, ..roomy(1) }, 0).unwrap();
    let held = lease(&slots, BUSY, "busy".into());
    let rival = waits(slots.acquire(&RIVAL));
    let newcomer = waits(slots.acquire(&BUSY));
    drop(rival);
    assert_eq!(woken(newcomer).unwrap().slot_id(), held.slot_id());
}

#[test]
fn a_claimed_slot_whose_user_is_stuck_does_not_hold_the_rival_up_for_ever() {
    let slots =
        Set::with_patience(SlotsConfig { users_per_slot: 2, per_key: Some(3), ..roomy(3) }, 1).unwrap();
    let mut held: Vec<Place> = (0..6).map(|_| lease(&slots, BUSY, "busy".into())).collect();
    let stuck = held.remove(0);
    let mut rival = Some(waits(slots.acquire(&RIVAL)));
    let mut queue: Vec<Task<_>> = Vec::new();
    for release in 0.. {
        assert!(release < 200, "the rival starves");
        while queue.len() < 2 {
            queue.push(waits(slots.acquire(&BUSY)));
        }
        drop(held.remove(0));
        if rival.as_ref().is_some_and(|rival| rival.wakes() > 0) {
            break;
        }
        while let Some(next) = queue.iter().position(|task| task.wakes() > 0) {
            held.push(woken(queue.remove(next)).unwrap());
        }
    }
    assert_eq!(woken(rival.take().unwrap()).unwrap().start(), Start::Created);
    drop(stuck);
}

#[test]
fn a_key_at_its_share_is_not_a_rival() {
    // Capacity would not help it, so it must not make others give theirs up.
    let slots = Set::with_patience(SlotsConfig { per_key: Some(1), ..roomy(2) }, 0).unwrap();
    let (busy, capped) = (lease(&slots, BUSY, "busy".into()), lease(&slots, RIVAL, "capped".into()));
    let (next_busy, next_capped) = (waits(slots.acquire(&BUSY)), waits(slots.acquire(&RIVAL)));
    drop(busy);
    assert_eq!(woken(next_busy).unwrap().start(), Start::Hit);
    drop(capped);
    assert_eq!(woken(next_capped).unwrap().start(), Start::Hit);
}

/// Who asks, and when, while the adversary decides who leaves.
#[derive(Clone, Debug)]
struct Schedule {
    config: SlotsConfig,
    patience: usize,
    busy_keys: u8,
    ahead: usize,
    /// Which of the places that may be left is left next; used round and round.
    choices: Vec<usize>,
    /// The adversary keeps the oldest user of every slot for as long as it has another choice.
    keeps_one_each: bool,
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let config = (1..4_usize, proptest::option::of(1..4_usize), 1..4_usize);
    let choices = proptest::collection::vec(0..64_usize, 1..40);
    (config, 0..4_usize, 1..4_u8, 0..3_usize, choices, any::<bool>()).prop_map(
        |((capacity, per_key, users_per_slot), patience, busy_keys, ahead, choices, keeps_one_each)| {
            Schedule {
                config: SlotsConfig { per_key, users_per_slot, ..roomy(capacity) },
                patience,
                busy_keys,
                ahead,
                choices,
                keeps_one_each,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the adversary schedules, and however much the others ask, a waiter is served after a
    /// number of releases that is bounded by the configuration and those before it.
    #[test]
    fn every_waiter_is_served_after_finitely_many_releases(schedule in schedule()) {
        let Schedule { config, patience, busy_keys, ahead, choices, keeps_one_each } = schedule;
        let slots = Set::with_patience(config, patience).unwrap();
        let starved = busy_keys;
        let mut held: Vec<Place> = Vec::new();
        let mut queue: Vec<(u8, Task<_>)> = Vec::new();
        let ask = |key: u8, held: &mut Vec<Place>, queue: &mut Vec<(u8, Task<_>)>| {
            let (task, first) = Task::start(slots.acquire(&key));
            match first {
                std::task::Poll::Ready(answer) => held.push(filled(answer, "r".into())),
                std::task::Poll::Pending => queue.push((key, task)),
            }
        };
        let everybody_asks = |held: &mut Vec<Place>, queue: &mut Vec<(u8, Task<_>)>| {
            for key in 0..busy_keys {
                while slots.waiting(&key) < 2 {
                    ask(key, held, queue);
                }
            }
        };
        everybody_asks(&mut held, &mut queue);
        for _ in 0..=ahead {
            ask(starved, &mut held, &mut queue);
        }
        let SlotsConfig { capacity, users_per_slot, .. } = config;
        let users = capacity * users_per_slot;
        let for_one_turn = (capacity + 1) * (patience + 2 * users * capacity + 1) + users;
        let bound = (ahead + 1) * (usize::from(busy_keys) + 1 + capacity) * for_one_turn;
        let mut releases = 0;
        while queue.iter().any(|(key, _)| *key == starved) {
            prop_assert!(releases <= bound, "not served after {releases} releases");
            let mut seen = std::collections::HashSet::new();
            let mut may_leave: Vec<usize> =
                (0..held.len()).filter(|&i| !keeps_one_each || !seen.insert(held[i].slot_id())).collect();
            if may_leave.is_empty() {
                may_leave = (0..held.len()).collect();
            }
            let chosen = may_leave[choices[releases % choices.len()] % may_leave.len()];
            drop(held.remove(chosen));
            releases += 1;
            while let Some(next) = queue.iter().position(|(_, task)| task.wakes() > 0) {
                let lease = filled(woken(queue.remove(next).1), "r".into());
                held.push(lease);
            }
            everybody_asks(&mut held, &mut queue);
        }
    }
}

#[test]
fn a_long_queue_of_one_key_does_not_delay_the_others_by_its_length() {
    let slots = Set::with_patience(roomy(2), 0).unwrap();
    let mut held: Vec<Place> = (0..2).map(|_| lease(&slots, BUSY, "busy".into())).collect();
    let mut flood: Vec<_> = (0..50).map(|_| waits(slots.acquire(&BUSY))).collect();
    let rival = waits(slots.acquire(&RIVAL));
    let mut releases = 0;
    while rival.wakes() == 0 {
        assert!(releases < 3, "the flood came first");
        held.pop();
        releases += 1;
        while let Some(next) = flood.iter().position(|task| task.wakes() > 0) {
            held.push(filled(woken(flood.remove(next)), "busy".into()));
        }
    }
    drop(at_once(rival.into_inner()));
}
