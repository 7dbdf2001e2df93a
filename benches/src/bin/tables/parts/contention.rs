//! Many clients on few isolates of one worker in a pool, beside the same requests one after another on one isolate.

use std::sync::Arc;

use anyhow::Result;
use benches::guests::Guest;
use benches::samples::median;
use runtime_facade::{ContextPolicy, Mode, PoolConfig, Runtime};
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::contestants::{Contexts, limits};
use crate::load::{self, Clients, Load};
use crate::plan::Plan;
use crate::progress::Steps;

/// How many clients contend.
pub(crate) const CLIENTS: usize = 8;

/// How many isolates they contend for.
pub(crate) const ISOLATES: [usize; 3] = [4, 2, 1];

/// One case of contention.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ContentionFigures {
    pub(crate) contexts: Contexts,
    pub(crate) clients: Clients,
    pub(crate) isolates: usize,
    pub(crate) load: Load,
    /// The same requests, one after another, on one isolate.
    pub(crate) serial: Load,
    /// The load's rate over the serial one's: the median over repetitions.
    pub(crate) share: f64,
}

pub(crate) fn measure(snapshot: &Snapshot, plan: &Plan, steps: &mut Steps) -> Result<Vec<ContentionFigures>> {
    snapshot.init_as_by_default()?;
    steps.expect(4 * plan.repetitions);
    let tasks = load::client_runtime()?;
    let guest = Arc::new(Guest::hello());
    let mut figures = Vec::new();
    for contexts in [Contexts::Fresh, Contexts::Reused] {
        let pools: Vec<Runtime> =
            ISOLATES.iter().map(|isolates| pool(*isolates, contexts)).collect::<Result<_>>()?;
        let alone = pool(1, contexts)?;
        for runtime in pools.iter().chain([&alone]) {
            load::run(&tasks, (Clients::Tasks, CLIENTS), runtime, &guest, plan.warm_up)?;
        }
        for kind in [Clients::Tasks, Clients::Threads] {
            let mut serial = Vec::new();
            let mut contended = vec![Vec::new(); pools.len()];
            for _ in 0..plan.repetitions {
                serial.push(load::run(&tasks, (kind, 1), &alone, &guest, plan.load_time)?);
                for (runtime, loads) in pools.iter().zip(&mut contended) {
                    loads.push(load::run(&tasks, (kind, CLIENTS), runtime, &guest, plan.load_time)?);
                }
                steps.step();
            }
            for (isolates, loads) in ISOLATES.into_iter().zip(&contended) {
                figures.push(ContentionFigures {
                    contexts,
                    clients: kind,
                    isolates,
                    load: Load::median_of(loads),
                    serial: Load::median_of(&serial),
                    share: median(loads.iter().zip(&serial).map(|(load, serial)| load.rate / serial.rate)),
                });
            }
        }
    }
    Ok(figures)
}

/// A pool of so many isolates of one worker, on the turn threads that a process has without being told.
fn pool(isolates: usize, contexts: Contexts) -> Result<Runtime> {
    let context = match contexts {
        Contexts::Fresh => ContextPolicy::Fresh,
        Contexts::Reused => ContextPolicy::Reuse { max_uses: 0 },
    };
    let config = PoolConfig {
        max_isolates: isolates,
        max_isolates_per_worker: isolates,
        queue_timeout_ms: 60_000,
        context,
        ..PoolConfig::default()
    };
    Ok(Runtime::builder().mode(Mode::Pool(config)).limits(limits()).build()?)
}
