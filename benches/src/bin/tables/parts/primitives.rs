//! The parts that a request is made of, each by itself, in a tight loop on one thread. Whole requests are `start`'s;
//! criterion measures more of these in more detail (`benches/primitives`).

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use benches::samples::{Percentiles, nanos};
use mode_pool::{Pool, PoolConfig};
use runtime_admission::{FairGate, Slots, SlotsConfig};
use runtime_core::{Isolate, RuntimeLimits, TurnThreads, process_memory};
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::contestants::limits;
use crate::load;
use crate::plan::Plan;
use crate::progress::Steps;

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Primitive {
    Clock,
    Lock,
    Gate,
    Slots,
    PoolAcquire,
    TurnHop,
    MakeIsolate,
    DisposeIsolate,
}

impl Primitive {
    pub(crate) const ALL: [Self; 8] = [
        Self::Clock,
        Self::Lock,
        Self::Gate,
        Self::Slots,
        Self::PoolAcquire,
        Self::TurnHop,
        Self::MakeIsolate,
        Self::DisposeIsolate,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Clock => "reading the clock twice, which every row contains",
            Self::Lock => "isolate: lock and unlock",
            Self::Gate => "gate: enter and leave, free",
            Self::Slots => "slots: acquire and release, hit",
            Self::PoolAcquire => "pool: acquire a warm isolate, gate, lock, unlock, release",
            Self::TurnHop => "turn thread: an empty turn there and back",
            Self::MakeIsolate => "isolate: make, from the snapshot",
            Self::DisposeIsolate => "isolate: drop until disposed of",
        }
    }
}

/// One primitive, measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct PrimitiveFigures {
    pub(crate) primitive: Primitive,
    pub(crate) time: Percentiles,
}

pub(crate) fn measure(snapshot: &Snapshot, plan: &Plan, steps: &mut Steps) -> Result<Vec<PrimitiveFigures>> {
    snapshot.init()?;
    steps.expect(Primitive::ALL.len() * plan.repetitions);
    let client = load::own_runtime()?;
    let mut repetitions = vec![Vec::new(); Primitive::ALL.len()];
    for _ in 0..plan.repetitions {
        for (primitive, samples) in Primitive::ALL.into_iter().zip(&mut repetitions) {
            let (most, time) = (plan.primitive_samples, plan.primitive_time);
            samples.push(Percentiles::of(client.block_on(sample(primitive, most, time))?));
            steps.step();
        }
    }
    let figures = Primitive::ALL.into_iter().zip(&repetitions);
    Ok(figures
        .map(|(primitive, all)| PrimitiveFigures { primitive, time: Percentiles::median_of(all) })
        .collect())
}

async fn sample(primitive: Primitive, most: usize, time: Duration) -> Result<Vec<u64>> {
    let limits = Arc::new(limits());
    let mut timer = Timer::new(most, time);
    match primitive {
        Primitive::Clock => {
            while timer.goes_on() {
                timer.time(|| ());
            }
        }
        Primitive::Lock => {
            let isolate = Isolate::new(&limits)?;
            while timer.goes_on() {
                timer.time(|| drop(black_box(isolate.lock())));
            }
        }
        Primitive::Gate => {
            let gate = FairGate::new();
            while timer.goes_on() {
                let started = Instant::now();
                drop(gate.enter().await);
                timer.add(started);
            }
        }
        Primitive::Slots => slots(&mut timer)?,
        Primitive::PoolAcquire => pool_acquire(&mut timer).await?,
        Primitive::TurnHop => {
            let threads = TurnThreads::start("bench-turn", 1)?;
            let isolate = threads.make_isolate(&limits).await?;
            while timer.goes_on() {
                let started = Instant::now();
                threads.run(&isolate, |_token| ()).await?;
                timer.add(started);
            }
        }
        Primitive::MakeIsolate => {
            while timer.goes_on() {
                let isolate = timer.time(|| Isolate::new(&limits))?;
                drop(isolate);
                disposed()?;
            }
        }
        Primitive::DisposeIsolate => {
            while timer.goes_on() {
                let isolate = with_context(&limits)?;
                let started = Instant::now();
                drop(isolate);
                disposed()?;
                timer.add(started);
            }
        }
    }
    disposed()?;
    Ok(timer.samples)
}

/// An isolate that has had a context.
fn with_context(limits: &RuntimeLimits) -> Result<Arc<Isolate>> {
    let isolate = Isolate::new(limits)?;
    {
        let mut token = isolate.lock();
        v8::scope!(let scope, &mut *token);
        black_box(v8::Context::new(scope, v8::ContextOptions::default()));
    }
    Ok(isolate)
}

fn slots(timer: &mut Timer) -> Result<()> {
    let slots: Slots<Arc<str>, Arc<()>> = Slots::new(SlotsConfig {
        capacity: 1_000,
        per_key: Some(8),
        users_per_slot: 32,
        queue_per_key: 1_000,
        queue_total: 10_000,
    })?;
    // As full as a pool is in use: a hit must not depend on how many others there are.
    let keys: Vec<Arc<str>> = (0..1_000).map(|number| Arc::from(format!("worker-{number}"))).collect();
    for key in &keys {
        slots.try_acquire(key).context("expected a free slot")?.fill(Arc::new(()));
    }
    let mut next = keys.iter().cycle();
    while timer.goes_on() {
        let key = next.next().context("a cycle has no end")?;
        let lease = timer.time(|| slots.try_acquire(key).map(drop));
        lease.context("expected the slot to be there")?;
    }
    Ok(())
}

async fn pool_acquire(timer: &mut Timer) -> Result<()> {
    let pool = Pool::new(PoolConfig { max_isolates: 8, threads: 1, ..PoolConfig::default() }, limits())?;
    pool.acquire("worker").await?.locked(|_token| ()).await;
    while timer.goes_on() {
        let started = Instant::now();
        let acquired = pool.acquire("worker").await?;
        acquired.locked(|token| black_box(&mut **token).is_execution_terminating()).await;
        drop(acquired);
        timer.add(started);
    }
    let stats = pool.stats();
    if stats.misses != 1 {
        bail!("expected one isolate to be made and then found, found {} made", stats.misses);
    }
    Ok(())
}

/// Waits until every isolate has been disposed of.
fn disposed() -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while process_memory().isolates > 0 {
        if Instant::now() > deadline {
            bail!("expected all isolates to be disposed of, found {} left", process_memory().isolates);
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// Samples until there are enough or the time is over.
struct Timer {
    most: usize,
    until: Instant,
    samples: Vec<u64>,
}

impl Timer {
    fn new(most: usize, time: Duration) -> Self {
        Self { most, until: Instant::now() + time, samples: Vec::with_capacity(most) }
    }

    fn goes_on(&self) -> bool {
        self.samples.is_empty() || (self.samples.len() < self.most && Instant::now() < self.until)
    }

    fn add(&mut self, started: Instant) {
        self.samples.push(nanos(started.elapsed()));
    }

    fn time<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let result = work();
        self.add(started);
        result
    }
}
