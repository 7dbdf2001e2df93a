//! Real threads, for the races that hand-driven futures cannot show. Every wait ends by itself;
//! a lost wake-up shows as a thread that runs into the deadline.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use runtime_admission::{FairGate, GatePass, Slots, SlotsConfig};

const DEADLINE: Duration = Duration::from_secs(60);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let end = Instant::now() + DEADLINE;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let left = end.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "a wake-up was lost");
        thread::park_timeout(left);
    }
}

/// A cheap source of different numbers for each thread.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn one_thread_at_a_time_is_inside_the_gate() {
    let gate = FairGate::new();
    let inside = Arc::new(AtomicBool::new(false));
    let through = Arc::new(AtomicUsize::new(0));
    let visit = |pass: GatePass, inside: &AtomicBool, through: &AtomicUsize| {
        assert!(!inside.swap(true, Ordering::SeqCst), "two inside");
        through.fetch_add(1, Ordering::SeqCst);
        inside.store(false, Ordering::SeqCst);
        drop(pass);
    };
    thread::scope(|scope| {
        for seed in 1..=4 {
            let (gate, inside, through) = (&gate, &inside, &through);
            scope.spawn(move || {
                let mut state = seed;
                for _ in 0..5_000 {
                    match random(&mut state) % 4 {
                        0 => {
                            let (inside, through) = (Arc::clone(inside), Arc::clone(through));
                            gate.enqueue(Box::new(move |pass| visit(pass, &inside, &through)));
                        }
                        1 => {
                            let mut enter = gate.enter();
                            let polled =
                                std::pin::Pin::new(&mut enter).poll(&mut Context::from_waker(Waker::noop()));
                            // Dropped wherever it is: not polled again, granted, or waiting.
                            drop((polled, enter));
                            through.fetch_add(1, Ordering::SeqCst);
                        }
                        _ => visit(block_on(gate.enter()), inside, through),
                    }
                }
            });
        }
    });
    assert_eq!(through.load(Ordering::SeqCst), 20_000);
    assert!(gate.try_enter().is_some() && gate.waiting() == 0);
}

#[test]
fn places_are_never_overcommitted_nor_lost() {
    struct Isolate {
        owner: u64,
        users: AtomicUsize,
        alive: Arc<AtomicUsize>,
    }
    impl Drop for Isolate {
        fn drop(&mut self) {
            self.alive.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let config = SlotsConfig {
        capacity: 3,
        per_key: Some(2),
        users_per_slot: 2,
        queue_per_key: 100,
        queue_total: 100,
    };
    let slots: Slots<u64, Arc<Isolate>> = Slots::with_patience(config, 2).unwrap();
    let alive = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for seed in 1..=8 {
            let (slots, alive) = (&slots, &alive);
            scope.spawn(move || {
                let mut state = seed;
                for _ in 0..3_000 {
                    let owner = random(&mut state) % 5;
                    let mut acquire = slots.acquire(&owner);
                    if random(&mut state).is_multiple_of(5) {
                        let noop = &mut Context::from_waker(Waker::noop());
                        drop((std::pin::Pin::new(&mut acquire).poll(noop), acquire));
                        continue;
                    }
                    let mut lease = block_on(acquire).unwrap();
                    drop(lease.take_evicted());
                    if lease.resource().is_none() && !random(&mut state).is_multiple_of(7) {
                        let alive = Arc::clone(alive);
                        assert!(alive.fetch_add(1, Ordering::SeqCst) < config.capacity, "overcommitted");
                        lease.fill(Arc::new(Isolate { owner, users: AtomicUsize::new(0), alive }));
                    }
                    if let Some(isolate) = lease.resource() {
                        assert_eq!(isolate.owner, owner);
                        assert!(isolate.users.fetch_add(1, Ordering::SeqCst) < config.users_per_slot);
                        isolate.users.fetch_sub(1, Ordering::SeqCst);
                    }
                    if random(&mut state).is_multiple_of(11) {
                        lease.retire();
                    }
                }
            });
        }
    });
    let stats = slots.stats();
    assert_eq!((stats.users, stats.waiting, stats.slots), (0, 0, stats.idle));
    assert_eq!(alive.load(Ordering::SeqCst), stats.idle);
    assert_eq!(slots.evict_idle(|_, _| false).len(), stats.idle);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}
