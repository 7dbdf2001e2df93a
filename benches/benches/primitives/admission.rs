//! The gate and the slots, without V8.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use futures_util::FutureExt as _;
use runtime_admission::{FairGate, Slots, SlotsConfig};

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let gate = FairGate::new();
    group.bench_function("try-enter-leave", |bencher| {
        bencher.iter(|| drop(black_box(gate.try_enter())));
    });
    group.bench_function("enter-leave", |bencher| {
        bencher.iter(|| drop(black_box(gate.enter().now_or_never().expect("the gate is free"))));
    });
    group.bench_function("hand-over", |bencher| {
        bencher.iter(|| {
            let pass = gate.try_enter().expect("the gate is free");
            let next = gate.enter();
            drop(pass);
            drop(next.now_or_never().expect("the gate was handed over"));
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("slots");
    for size in [1, 1_000] {
        let slots: Slots<Arc<str>, Arc<()>> = Slots::new(SlotsConfig {
            capacity: size,
            per_key: Some(8),
            users_per_slot: 32,
            queue_per_key: 1_000,
            queue_total: 10_000,
        })
        .expect("the bounds let somebody in");
        let keys: Vec<Arc<str>> = (0..size).map(|number| Arc::from(format!("worker-{number}"))).collect();
        for key in &keys {
            slots.try_acquire(key).expect("there is capacity").fill(Arc::new(()));
        }
        let mut next = keys.iter().cycle();
        group.bench_function(format!("hit-among-{size}"), |bencher| {
            bencher.iter(|| {
                let key = next.next().expect("a cycle has no end");
                drop(slots.try_acquire(key).expect("the slot is idle"));
            });
        });
    }
    group.finish();
}
