//! What an isolate and a context weigh: the process's resident set before and after many of them are made, beside what
//! V8 says of its heaps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use benches::guests::Guest;
use runtime_core::{Isolate, TurnThreads, process_memory};
use runtime_web::Session;
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::contestants::limits;
use crate::load;
use crate::plan::Plan;
use crate::progress::Steps;

/// What things weigh, in bytes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct MemoryFigures {
    /// The process with V8, before any isolate is weighed.
    pub(crate) process: f64,
    /// How many of each were made.
    pub(crate) count: usize,
    /// An isolate without a context.
    pub(crate) isolate: Weight,
    /// An isolate with one context, in which a worker is loaded.
    pub(crate) isolate_with_worker: Weight,
    /// A further context in one isolate, with a worker loaded.
    pub(crate) further_context: Weight,
    /// The process after all isolates were disposed of.
    pub(crate) process_after: f64,
}

/// The weight of one thing: of many, divided by their number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Weight {
    /// By which the process's resident set grew.
    pub(crate) resident: f64,
    /// Of which V8 says that objects fill.
    pub(crate) heap: f64,
}

pub(crate) fn measure(snapshot: &Snapshot, plan: &Plan, steps: &mut Steps) -> Result<MemoryFigures> {
    snapshot.init()?;
    steps.expect(4);
    let client = load::own_runtime()?;
    client.block_on(weigh(plan.weighed, steps))
}

async fn weigh(count: usize, steps: &mut Steps) -> Result<MemoryFigures> {
    let limits = Arc::new(limits());
    let guest = Guest::hello();
    let threads = TurnThreads::start("bench-weigh", 1)?;
    let load = |isolate: &Arc<Isolate>| {
        let (isolate, threads, limits) = (Arc::clone(isolate), threads.clone(), Arc::clone(&limits));
        Session::new("bench", isolate, threads, guest.code().clone(), limits, guest.ops())
    };
    // What the first isolate brings with it (shared pages, the code cache) is the process's.
    drop(load(&threads.make_isolate(&limits).await?).await?);
    disposed().await?;
    let process = resident()?;

    let mut isolates = Vec::with_capacity(count);
    for _ in 0..count {
        isolates.push(threads.make_isolate(&limits).await?);
    }
    let with_isolates = resident()?;
    let heap_of_isolates = heap(&isolates);
    steps.step();

    let mut sessions = Vec::with_capacity(count);
    for isolate in &isolates {
        sessions.push(load(isolate).await?);
    }
    let with_workers = resident()?;
    let heap_with_workers = heap(&isolates);
    drop((sessions, isolates));
    disposed().await?;
    steps.step();

    let only = vec![threads.make_isolate(&limits).await?];
    let first = load(&only[0]).await?;
    let before_contexts = resident()?;
    let heap_before = heap(&only);
    let mut sessions = Vec::with_capacity(count);
    for _ in 0..count {
        sessions.push(load(&only[0]).await?);
    }
    let with_contexts = resident()?;
    let heap_with_contexts = heap(&only);
    steps.step();
    drop((sessions, first, only));
    disposed().await?;
    let process_after = resident()?;
    steps.step();

    let each = |more: f64, less: f64| (more - less) / count as f64;
    Ok(MemoryFigures {
        process,
        count,
        isolate: Weight { resident: each(with_isolates, process), heap: each(heap_of_isolates, 0.0) },
        isolate_with_worker: Weight {
            resident: each(with_workers, process),
            heap: each(heap_with_workers, 0.0),
        },
        further_context: Weight {
            resident: each(with_contexts, before_contexts),
            heap: each(heap_with_contexts, heap_before),
        },
        process_after,
    })
}

/// What V8 says that the objects of all isolates take.
fn heap(isolates: &[Arc<Isolate>]) -> f64 {
    let bytes: usize = isolates.iter().map(|isolate| isolate.measure(&mut isolate.lock()).heap_bytes).sum();
    bytes as f64
}

/// The process's resident set in bytes, summed over its mappings: the kernel's own running count, which
/// `/proc/self/statm` shows, lags behind by some pages a processor.
fn resident() -> Result<f64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")
        .context("memory is weighed with /proc/self/smaps_rollup, which this system does not have")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<f64>().ok());
    Ok(kib.context("expected a line `Rss: N kB` in /proc/self/smaps_rollup, found none")? * 1024.0)
}

async fn disposed() -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while process_memory().isolates > 0 {
        if Instant::now() > deadline {
            bail!("expected all isolates to be disposed of, found {} left", process_memory().isolates);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
