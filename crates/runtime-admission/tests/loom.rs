//! Every interleaving of a few threads at the gate and at the slots, by the loom model checker. It
//! covers the hand-off between mutex, waker and drop; policy is tested in `admission`.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p runtime-admission --release --test loom`
#![cfg(loom)]
#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use runtime_admission::{FairGate, Slots, SlotsConfig, Start, WorkQueue};

/// Checks that nobody else is inside, by an access that the checker interleaves with all others.
struct Inside(AtomicUsize);

impl Inside {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(0)))
    }

    fn visit(&self, at_most: usize) {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) < at_most, "too many inside");
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn two_futures_pass_the_gate_one_by_one_and_neither_is_forgotten() {
    loom::model(|| {
        let (gate, inside) = (FairGate::new(), Inside::new());
        let other = {
            let (gate, inside) = (gate.clone(), Arc::clone(&inside));
            thread::spawn(move || {
                let _pass = block_on(gate.enter());
                inside.visit(1);
            })
        };
        {
            let _pass = block_on(gate.enter());
            inside.visit(1);
        }
        other.join().unwrap();
        assert!(gate.try_enter().is_some());
    });
}

#[test]
fn a_future_dropped_while_the_gate_is_handed_to_it_hands_it_on() {
    loom::model(|| {
        let gate = FairGate::new();
        let pass = gate.try_enter().unwrap();
        let mut leaves = gate.enter();
        assert!(poll_once(&mut leaves).is_pending());
        let stays = gate.enter();
        let releaser = thread::spawn(move || drop(pass));
        let dropper = thread::spawn(move || drop(leaves));
        drop(block_on(stays));
        releaser.join().unwrap();
        dropper.join().unwrap();
        assert!(gate.try_enter().is_some());
    });
}

#[test]
fn a_callback_is_either_canceled_or_called_and_the_gate_is_free_after_both() {
    loom::model(|| {
        let (gate, calls) = (FairGate::new(), Arc::new(AtomicUsize::new(0)));
        let pass = gate.try_enter().unwrap();
        let ticket = {
            let calls = Arc::clone(&calls);
            gate.enqueue(Box::new(move |_pass| {
                calls.fetch_add(1, Ordering::SeqCst);
            }))
        };
        let releaser = thread::spawn(move || drop(pass));
        let canceled = ticket.cancel();
        releaser.join().unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), usize::from(!canceled));
        assert!(gate.try_enter().is_some());
    });
}

#[test]
fn a_callback_and_a_future_pass_the_gate_one_by_one() {
    loom::model(|| {
        let (gate, inside, calls) = (FairGate::new(), Inside::new(), Arc::new(AtomicUsize::new(0)));
        let other = {
            let (gate, inside, calls) = (gate.clone(), Arc::clone(&inside), Arc::clone(&calls));
            thread::spawn(move || {
                gate.enqueue(Box::new(move |_pass| {
                    inside.visit(1);
                    calls.fetch_add(1, Ordering::SeqCst);
                }));
            })
        };
        {
            let _pass = block_on(gate.enter());
            inside.visit(1);
        }
        other.join().unwrap();
        // Whoever was second had it handed over, and has let it go.
        assert!(gate.try_enter().is_some());
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    });
}

type Set = Slots<u8, Arc<u8>>;

fn set(capacity: usize, users_per_slot: usize) -> Set {
    let config = SlotsConfig { capacity, per_key: None, users_per_slot, queue_per_key: 4, queue_total: 4 };
    Slots::with_patience(config, 1).unwrap()
}

/// One request: admitted, makes what is missing, looks whose it is, leaves.
fn request(slots: &Set, key: u8, inside: &Inside, at_most: usize) {
    let mut lease = block_on(slots.acquire(&key)).unwrap();
    drop(lease.take_evicted());
    if lease.resource().is_none() {
        lease.fill(Arc::new(key));
    }
    assert_eq!(lease.resource().map(|resource| **resource), Some(key));
    inside.visit(at_most);
}

fn all_is_given_back(slots: &Set) {
    let stats = slots.stats();
    assert_eq!((stats.users, stats.waiting, stats.slots), (0, 0, stats.idle));
}

#[test]
fn two_users_of_one_key_take_turns_on_one_slot() {
    loom::model(|| {
        let (slots, inside) = (set(1, 1), Inside::new());
        let other = {
            let (slots, inside) = (slots.clone(), Arc::clone(&inside));
            thread::spawn(move || request(&slots, 7, &inside, 1))
        };
        request(&slots, 7, &inside, 1);
        other.join().unwrap();
        all_is_given_back(&slots);
        let stats = slots.stats();
        assert_eq!((stats.created, stats.hits), (1, 1), "the resource is made once");
    });
}

#[test]
fn two_keys_take_turns_on_one_place_and_each_sees_its_own_resource() {
    loom::model(|| {
        let (slots, inside) = (set(1, 1), Inside::new());
        let other = {
            let (slots, inside) = (slots.clone(), Arc::clone(&inside));
            thread::spawn(move || request(&slots, 8, &inside, 1))
        };
        request(&slots, 7, &inside, 1);
        other.join().unwrap();
        all_is_given_back(&slots);
        assert_eq!(slots.stats().evictions, 1);
    });
}

#[test]
fn a_newcomer_and_two_waiters_share_one_place_without_a_lost_wake_up() {
    // Three threads; all forced switches but the first few would take minutes.
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (slots, inside) = (set(1, 1), Inside::new());
        let others: Vec<_> = [8, 7]
            .into_iter()
            .map(|key| {
                let (slots, inside) = (slots.clone(), Arc::clone(&inside));
                thread::spawn(move || request(&slots, key, &inside, 1))
            })
            .collect();
        request(&slots, 7, &inside, 1);
        for other in others {
            other.join().unwrap();
        }
        all_is_given_back(&slots);
    });
}

#[test]
fn a_fill_lets_the_waiting_user_in() {
    loom::model(|| {
        let slots = set(1, 2);
        let mut maker = block_on(slots.acquire(&7)).unwrap();
        let sharer = {
            let slots = slots.clone();
            thread::spawn(move || {
                let lease = block_on(slots.acquire(&7)).unwrap();
                assert_eq!(lease.start(), Start::Hit);
            })
        };
        maker.fill(Arc::new(7));
        sharer.join().unwrap();
        drop(maker);
        all_is_given_back(&slots);
    });
}

#[test]
fn a_future_dropped_while_a_place_is_handed_to_it_hands_it_on() {
    loom::model(|| {
        let slots = set(1, 1);
        let mut held = block_on(slots.acquire(&7)).unwrap();
        held.fill(Arc::new(7));
        let mut leaves = slots.acquire(&7);
        assert!(poll_once(&mut leaves).is_pending());
        let stays = slots.acquire(&8);
        let releaser = thread::spawn(move || drop(held));
        let dropper = thread::spawn(move || drop(leaves));
        assert_eq!(block_on(stays).unwrap().start(), Start::Created);
        releaser.join().unwrap();
        dropper.join().unwrap();
        all_is_given_back(&slots);
    });
}

#[test]
fn a_slot_condemned_while_a_place_on_it_is_handed_over_serves_nobody_else() {
    loom::model(|| {
        let slots = set(1, 2);
        let mut condemns = block_on(slots.acquire(&7)).unwrap();
        condemns.fill(Arc::new(7));
        let leaves = block_on(slots.acquire(&7)).unwrap();
        let next = slots.acquire(&7);
        let condemner = thread::spawn(move || condemns.retire());
        let leaver = thread::spawn(move || drop(leaves));
        let next = block_on(next).unwrap();
        // It came before the condemnation, or it has waited for the new slot.
        assert_eq!(next.start() == Start::Created, next.slot_id() == 1);
        condemner.join().unwrap();
        leaver.join().unwrap();
        assert_eq!(next.is_retired(), next.start() == Start::Hit);
        drop(next);
        all_is_given_back(&slots);
        assert_eq!(slots.stats().slots, 0);
    });
}

#[test]
fn closing_answers_a_waiter_however_it_races_with_the_release() {
    loom::model(|| {
        let slots = set(1, 1);
        let held = block_on(slots.acquire(&7)).unwrap();
        let waits = slots.acquire(&7);
        let closer = {
            let slots = slots.clone();
            thread::spawn(move || slots.close())
        };
        let releaser = thread::spawn(move || drop(held));
        drop(block_on(waits));
        closer.join().unwrap();
        releaser.join().unwrap();
        all_is_given_back(&slots);
        assert!(slots.try_acquire(&7).is_none());
    });
}

#[test]
fn a_job_that_is_sent_while_the_last_awake_thread_falls_asleep_is_done() {
    loom::model(|| {
        let (queue, done) = (Arc::new(WorkQueue::new(1)), Arc::new(AtomicUsize::new(0)));
        let worker = {
            let (queue, done) = (Arc::clone(&queue), Arc::clone(&done));
            thread::spawn(move || {
                let member = queue.join();
                while member.recv().is_some() {
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        queue.send(());
        queue.send(());
        queue.close();
        worker.join().unwrap();
        assert_eq!(done.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_thread_takes_over_from_one_in_a_long_job() {
    loom::model(|| {
        let queue = Arc::new(WorkQueue::new(1));
        let busy = queue.join();
        queue.send(1);
        assert_eq!(busy.try_recv(), Some(1));
        let relief = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let member = queue.join();
                // The job is this thread's: the other one is in a long job and never looks again.
                assert_eq!(member.recv(), Some(2));
            })
        };
        queue.send(2);
        queue.begin_long();
        relief.join().unwrap();
        queue.end_long();
    });
}
