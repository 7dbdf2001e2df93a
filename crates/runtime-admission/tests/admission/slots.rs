//! The slots, case by case. Tests that are named after a mistake are there because others made it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use runtime_admission::{AcquireError, ConfigError, QueueBound, ShedReason, Slots, SlotsConfig, Start};

use crate::support::{at_once, filled, lease, roomy, waits, woken};

type Set = Slots<&'static str, Arc<str>>;

fn set(config: SlotsConfig) -> Set {
    Slots::new(config).unwrap()
}

#[test]
fn bounds_that_admit_nobody_are_refused() {
    let refused = |config| Slots::<u8, Arc<str>>::new(config).unwrap_err();
    assert_eq!(refused(roomy(0)), ConfigError::NoCapacity);
    assert_eq!(refused(SlotsConfig { per_key: Some(0), ..roomy(1) }), ConfigError::NoSlotPerKey);
    assert_eq!(refused(SlotsConfig { users_per_slot: 0, ..roomy(1) }), ConfigError::NoUserPerSlot);
}

#[test]
fn a_hit_uses_the_most_recently_used_slot_of_its_own_key() {
    let slots = set(roomy(3));
    let (older, newer) = (lease(&slots, "ann", "1".into()), lease(&slots, "ann", "2".into()));
    let other = lease(&slots, "bob", "3".into());
    drop(older);
    drop(newer);
    drop(other);
    let hit = at_once(slots.acquire(&"ann")).unwrap();
    assert_eq!((hit.start(), hit.resource().map(|r| &**r), *hit.key()), (Start::Hit, Some("2"), "ann"));
}

#[test]
fn a_full_set_evicts_the_least_recently_used_idle_slot_and_never_one_in_use() {
    let slots = set(roomy(3));
    let in_use = lease(&slots, "ann", "ann's".into());
    let (bob, cid) = (lease(&slots, "bob", "bob's".into()), lease(&slots, "cid", "cid's".into()));
    drop(cid);
    drop(bob);
    let mut dan = at_once(slots.acquire(&"dan")).unwrap();
    assert_eq!(dan.start(), Start::Created);
    assert!(dan.resource().is_none());
    assert_eq!(dan.take_evicted().iter().map(|r| &**r).collect::<Vec<_>>(), ["cid's"]);
    assert!(dan.take_evicted().is_empty());
    let mut eve = at_once(slots.acquire(&"eve")).unwrap();
    assert_eq!(eve.take_evicted().iter().map(|r| &**r).collect::<Vec<_>>(), ["bob's"]);
    let waiting = waits(slots.acquire(&"fay"));
    assert_eq!(slots.stats().evictions, 2);
    drop((in_use, waiting));
}

#[test]
fn a_key_grows_to_its_share_before_it_shares_and_shares_the_least_loaded() {
    let slots = set(SlotsConfig { per_key: Some(2), users_per_slot: 3, ..roomy(9) });
    let one = lease(&slots, "ann", "1".into());
    let two = lease(&slots, "ann", "2".into());
    assert_ne!(one.slot_id(), two.slot_id());
    let third = lease(&slots, "ann", "never".into());
    let fourth = lease(&slots, "ann", "never".into());
    assert_ne!(third.slot_id(), fourth.slot_id(), "the loads are equal in the end");
    let rest = [lease(&slots, "ann", "never".into()), lease(&slots, "ann", "never".into())];
    let waiting = waits(slots.acquire(&"ann"));
    assert_eq!((slots.in_use(&"ann"), slots.slots_of(&"ann"), slots.waiting(&"ann")), (6, 2, 1));
    drop(third);
    assert_eq!(woken(waiting).unwrap().start(), Start::Hit);
    drop((one, two, fourth, rest));
    assert_eq!(slots.stats().idle, 2);
}

#[test]
fn nobody_shares_a_slot_before_it_is_filled() {
    let slots = set(SlotsConfig { per_key: Some(1), users_per_slot: 3, ..roomy(2) });
    let mut maker = at_once(slots.acquire(&"ann")).unwrap();
    let waiting = [waits(slots.acquire(&"ann")), waits(slots.acquire(&"ann")), waits(slots.acquire(&"ann"))];
    maker.fill("made".into());
    let [first, second, third] = waiting;
    let sharing = [woken(first).unwrap(), woken(second).unwrap()];
    assert!(sharing.iter().all(|lease| lease.resource().is_some_and(|r| &**r == "made")));
    assert_eq!(third.wakes(), 0, "the slot is full");
    drop(maker);
    assert_eq!(woken(third).unwrap().slot_id(), sharing[0].slot_id());
}

#[test]
fn a_maker_that_fails_leaves_its_capacity_to_the_next() {
    let slots = set(SlotsConfig { per_key: Some(1), ..roomy(1) });
    let maker = at_once(slots.acquire(&"ann")).unwrap();
    let next = waits(slots.acquire(&"ann"));
    drop(maker);
    let next = woken(next).unwrap();
    assert_eq!(next.start(), Start::Created);
    assert_eq!(slots.stats().slots, 1);
}

#[test]
fn a_release_wakes_its_own_owners_waiter_and_not_another_owners() {
    let slots = set(SlotsConfig { per_key: Some(1), ..roomy(2) });
    let (ann, bob) = (lease(&slots, "ann", "a".into()), lease(&slots, "bob", "b".into()));
    let (for_bob, for_ann) = (waits(slots.acquire(&"bob")), waits(slots.acquire(&"ann")));
    drop(ann);
    assert_eq!(for_bob.wakes(), 0);
    assert_eq!(woken(for_ann).unwrap().resource().map(|r| &**r), Some("a"));
    drop(bob);
    assert_eq!(woken(for_bob).unwrap().resource().map(|r| &**r), Some("b"));
}

#[test]
fn a_woken_waiter_has_its_place_and_never_requeues_at_the_tail() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let (first, second) = (waits(slots.acquire(&"ann")), waits(slots.acquire(&"ann")));
    drop(held);
    // Before the first one is polled, others ask.
    let third = waits(slots.acquire(&"ann"));
    assert!(slots.try_acquire(&"ann").is_none());
    let held = woken(first).unwrap();
    assert_eq!((second.wakes(), third.wakes()), (0, 0));
    drop(held);
    drop(woken(second).unwrap());
    drop(woken(third).unwrap());
}

#[test]
fn a_newcomer_does_not_barge_past_a_waiter_of_another_key() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let for_bob = waits(slots.acquire(&"bob"));
    drop(held);
    assert!(slots.try_acquire(&"ann").is_none(), "ann's slot went to bob before anybody could ask");
    let for_ann = waits(slots.acquire(&"ann"));
    let mut bob = woken(for_bob).unwrap();
    assert_eq!(bob.take_evicted().len(), 1);
    bob.fill("b".into());
    drop(bob);
    assert_eq!(woken(for_ann).unwrap().start(), Start::Created);
}

#[test]
fn a_dropped_future_does_not_leak_its_place() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let (leaves, granted, last) =
        (waits(slots.acquire(&"ann")), waits(slots.acquire(&"ann")), waits(slots.acquire(&"ann")));
    drop(leaves);
    assert_eq!(slots.waiting(&"ann"), 2);
    drop(held);
    assert_eq!(granted.wakes(), 1);
    drop(granted);
    drop(woken(last).unwrap());
    drop(slots.acquire(&"ann"));
    let stats = slots.stats();
    assert_eq!((stats.users, stats.waiting, stats.idle, stats.abandoned), (0, 0, 1, 2));
}

#[test]
fn a_waiter_that_moved_to_another_task_is_woken_there() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let first = waits(slots.acquire(&"ann"));
    let second = waits(first.into_inner());
    drop(held);
    assert_eq!(woken(second).unwrap().start(), Start::Hit);
}

#[test]
fn a_future_dropped_with_a_grant_of_new_capacity_frees_it() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let (for_bob, for_cid) = (waits(slots.acquire(&"bob")), waits(slots.acquire(&"cid")));
    drop(held);
    drop(for_bob);
    assert_eq!(woken(for_cid).unwrap().start(), Start::Created);
    assert_eq!(slots.stats().slots, 0, "it was never filled");
}

#[test]
fn a_burst_never_overcommits() {
    let slots = set(SlotsConfig { queue_per_key: 5, queue_total: 7, ..roomy(2) });
    let held: Vec<_> = (0..2).map(|_| lease(&slots, "ann", "a".into())).collect();
    let mut waiting: Vec<_> = (0..5).map(|_| waits(slots.acquire(&"ann"))).collect();
    let refused = at_once(slots.acquire(&"ann")).unwrap_err();
    assert_eq!(refused, AcquireError::QueueFull { bound: QueueBound::Key, limit: 5 });
    waiting.extend((0..2).map(|_| waits(slots.acquire(&"bob"))));
    let refused = at_once(slots.acquire(&"bob")).unwrap_err();
    assert_eq!(refused, AcquireError::QueueFull { bound: QueueBound::Total, limit: 7 });
    assert_eq!(refused.shed_reason(), ShedReason::QueueFull);
    assert_eq!(
        refused.to_string(),
        "expected room in the queue of all keys, found 7 of 7 places taken: retry later"
    );
    let stats = slots.stats();
    assert_eq!((stats.slots, stats.waiting, stats.shed), (2, 7, 2));
    drop((held, waiting));
    assert_eq!(slots.stats().users, 0);
}

#[test]
fn a_queue_of_zero_sheds_at_once_and_still_admits() {
    let slots = set(SlotsConfig { queue_per_key: 0, ..roomy(1) });
    let held = lease(&slots, "ann", "a".into());
    assert!(at_once(slots.acquire(&"ann")).is_err());
    drop(held);
    assert!(at_once(slots.acquire(&"ann")).is_ok());
}

#[test]
fn free_capacity_goes_to_the_waiting_keys_in_turn() {
    let slots = set(SlotsConfig { per_key: Some(9), ..roomy(1) });
    let held = at_once(slots.acquire(&"zed")).unwrap();
    let mut queue = Vec::new();
    for key in ["ann", "ann", "ann", "ann", "bob", "bob", "cid"] {
        queue.push(waits(slots.acquire(&key)));
    }
    drop(held);
    let mut order = Vec::new();
    while !queue.is_empty() {
        let next = queue.iter().position(|task| task.wakes() == 1).expect("somebody has been served");
        // It is given up unfilled, so that the capacity is free again.
        order.push(*woken(queue.remove(next)).unwrap().key());
    }
    assert_eq!(order, ["ann", "bob", "cid", "ann", "bob", "ann", "ann"]);
}

#[test]
fn a_retired_slot_serves_nobody_new_and_counts_until_its_last_user_leaves() {
    let slots = set(SlotsConfig { users_per_slot: 3, ..roomy(1) });
    let mut one = lease(&slots, "ann", "a".into());
    let two = lease(&slots, "ann", "never".into());
    one.retire();
    one.retire();
    assert!(two.is_retired());
    let waiting = waits(slots.acquire(&"ann"));
    drop(one);
    assert_eq!((waiting.wakes(), slots.stats().slots), (0, 1));
    drop(two);
    let next = woken(waiting).unwrap();
    assert_eq!(next.start(), Start::Created);
    assert_eq!(slots.stats().retired, 1);
}

#[test]
fn a_waiter_that_is_granted_a_slot_never_begins_on_one_condemned_meanwhile() {
    let slots = set(SlotsConfig { per_key: Some(1), users_per_slot: 2, queue_per_key: 2, ..roomy(2) });
    let (mut one, two) = (lease(&slots, "ann", "bad".into()), lease(&slots, "ann", "never".into()));
    let (mut first, second) = (waits(slots.acquire(&"ann")), waits(slots.acquire(&"ann")));
    drop(two);
    assert_eq!(first.wakes(), 1);
    let third = waits(slots.acquire(&"ann"));
    one.retire();
    assert!(first.poll().is_pending(), "it is back in the queue");
    first.rearm();
    assert_eq!((slots.waiting(&"ann"), slots.in_use(&"ann")), (3, 1));
    drop(one);
    assert_eq!((second.wakes(), third.wakes()), (0, 0), "it is back at the head");
    let first = filled(woken(first), "good".into());
    assert_eq!(first.start(), Start::Created);
    assert_eq!(woken(second).unwrap().resource().map(|r| &**r), Some("good"));
    drop(third);
    assert_eq!(slots.stats().handoffs, 2);
}

#[test]
fn a_retired_resource_is_gone_before_its_capacity_is_given_away() {
    struct Witness(Set2, Arc<AtomicUsize>);
    type Set2 = Slots<&'static str, Arc<Witness>>;
    impl Drop for Witness {
        fn drop(&mut self) {
            // Called outside of the mutex, or this would hang.
            self.1.store(self.0.stats().slots, Ordering::SeqCst);
            assert!(self.0.try_acquire(&"bob").is_none(), "the capacity is not free yet");
        }
    }
    let slots: Set2 = Slots::new(roomy(1)).unwrap();
    let seen = Arc::new(AtomicUsize::new(99));
    let mut lease = lease(&slots, "ann", Arc::new(Witness(slots.clone(), Arc::clone(&seen))));
    let waiting = waits(slots.acquire(&"ann"));
    lease.retire();
    drop(lease);
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    assert!(woken(waiting).is_ok());
}

#[test]
fn a_resource_whose_drop_panics_does_not_take_its_place_along() {
    struct Angry;
    impl Drop for Angry {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let slots: Slots<u8, Arc<Angry>> = Slots::new(roomy(1)).unwrap();
    let mut retired = lease(&slots, 1, Arc::new(Angry));
    retired.retire();
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(retired)));
    assert!(dropped.is_err());
    let idle = lease(&slots, 1, Arc::new(Angry));
    drop(idle);
    let evictor = at_once(slots.acquire(&2)).unwrap();
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(evictor)));
    assert!(dropped.is_err());
    assert_eq!((slots.stats().slots, slots.stats().users), (0, 0));
}

#[test]
fn a_forfeited_slot_stops_counting_while_others_still_use_it() {
    let slots = set(SlotsConfig { per_key: Some(1), users_per_slot: 2, ..roomy(1) });
    let (lost, other) = (lease(&slots, "ann", "lost".into()), lease(&slots, "ann", "never".into()));
    let waiting = waits(slots.acquire(&"ann"));
    assert_eq!(lost.forfeit().as_deref(), Some("lost"));
    assert!(other.is_retired());
    assert_eq!((slots.stats().slots, slots.stats().forfeited), (1, 1));
    let next = filled(woken(waiting), "new".into());
    assert_ne!(next.slot_id(), other.slot_id());
    assert_eq!(other.resource().map(|r| &**r), Some("lost"));
    drop(other);
    drop(next);
    assert_eq!(lease(&slots, "ann", "never".into()).resource().map(|r| &**r), Some("new"));
    assert_eq!(slots.stats().keys, 1);
}

#[test]
fn an_unfilled_slot_can_be_forfeited() {
    let slots = set(roomy(1));
    assert!(at_once(slots.acquire(&"ann")).unwrap().forfeit().is_none());
    assert_eq!((slots.stats().slots, slots.stats().users, slots.stats().keys), (0, 0, 0));
}

#[test]
fn idle_slots_are_swept_by_choice_and_oldest_first() {
    let slots = set(roomy(4));
    let leases = ["1", "2", "3"].map(|name| lease(&slots, "ann", name.into()));
    let in_use = lease(&slots, "bob", "4".into());
    leases.into_iter().for_each(drop);
    let mut asked = Vec::new();
    let swept = slots.evict_idle(|key, resource| {
        asked.push(resource.to_string());
        assert_eq!(*key, "ann");
        &**resource == "2"
    });
    assert_eq!(asked, ["1", "2", "3"]);
    assert_eq!(swept.iter().map(|r| &**r).collect::<Vec<_>>(), ["1", "3"]);
    let stats = slots.stats();
    assert_eq!((stats.slots, stats.idle, stats.swept, stats.evictions), (2, 1, 2, 0));
    drop(in_use);
}

#[test]
fn closing_refuses_those_that_wait_and_those_that_come() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let (waiting, unpolled) = (waits(slots.acquire(&"bob")), slots.acquire(&"ann"));
    slots.close();
    slots.close();
    assert_eq!(woken(waiting).unwrap_err(), AcquireError::Closed);
    assert_eq!(at_once(unpolled).unwrap_err().shed_reason(), ShedReason::Draining);
    assert_eq!(at_once(slots.acquire(&"ann")).unwrap_err(), AcquireError::Closed);
    drop(held);
    assert!(slots.try_acquire(&"ann").is_none());
    assert_eq!(slots.evict_idle(|_, _| false).len(), 1);
    let stats = slots.stats();
    assert_eq!((stats.slots, stats.waiting, stats.refused, stats.keys), (0, 0, 3, 0));
}

#[test]
fn a_grant_that_came_before_the_close_is_honoured() {
    let slots = set(roomy(1));
    let held = lease(&slots, "ann", "a".into());
    let waiting = waits(slots.acquire(&"ann"));
    drop(held);
    slots.close();
    assert!(woken(waiting).is_ok());
}

#[test]
#[should_panic(expected = "a slot is filled once")]
fn a_slot_is_not_filled_twice() {
    let slots = set(roomy(1));
    lease(&slots, "ann", "a".into()).fill("b".into());
}

#[test]
fn a_waker_that_owns_a_task_that_owns_a_place_does_not_deadlock() {
    // The waker registered last holds, through its task, another future of the same set.
    struct OwnsFuture(
        #[allow(dead_code, reason = "held for its drop")] runtime_admission::Acquire<u8, Arc<str>>,
    );
    impl std::task::Wake for OwnsFuture {
        fn wake(self: Arc<Self>) {}
    }
    use std::future::Future as _;
    let slots: Slots<u8, Arc<str>> = Slots::new(roomy(1)).unwrap();
    let held = lease(&slots, 1, "a".into());
    let mut waiting = slots.acquire(&1);
    let poll_with_owner = |waiting: &mut runtime_admission::Acquire<u8, Arc<str>>| {
        let waker = std::task::Waker::from(Arc::new(OwnsFuture(slots.acquire(&1))));
        let polled = std::pin::Pin::new(waiting).poll(&mut std::task::Context::from_waker(&waker));
        assert!(polled.is_pending());
    };
    poll_with_owner(&mut waiting);
    poll_with_owner(&mut waiting);
    assert_eq!(slots.stats().waiting, 2, "the first waker's future is gone");
    drop(waiting);
    assert_eq!(slots.stats().waiting, 0);
    drop(held);
}

#[test]
fn the_types_cross_threads_as_promised() {
    fn send<T: Send + 'static>() {}
    fn shared<T: Send + Sync + Clone + 'static>() {}
    fn unpin<T: Unpin>() {}
    shared::<Set>();
    shared::<runtime_admission::FairGate>();
    send::<runtime_admission::Lease<String, Arc<str>>>();
    send::<runtime_admission::Acquire<String, Arc<str>>>();
    unpin::<runtime_admission::Acquire<String, Arc<str>>>();
    send::<runtime_admission::Enter>();
    unpin::<runtime_admission::Enter>();
    send::<runtime_admission::GatePass>();
    send::<runtime_admission::Ticket>();
}
