//! Requests a second of all modes with equal capacity, for three guests and several numbers of clients. The modes take
//! turns in every repetition, so that what disturbs the machine disturbs all.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use benches::guests::Guest;
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::contestants::{CAPACITY, Contestant};
use crate::load::{self, Clients, Load};
use crate::plan::Plan;
use crate::progress::Steps;

/// What the guests do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Workload {
    WarmCache,
    CpuBound,
    WithIo,
}

impl Workload {
    pub(crate) const ALL: [Self; 3] = [Self::WarmCache, Self::CpuBound, Self::WithIo];

    fn guest(self) -> Guest {
        match self {
            Workload::WarmCache => Guest::hello(),
            Workload::CpuBound => Guest::cpu_bound(),
            Workload::WithIo => Guest::with_io(),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Workload::WarmCache => "warm cache",
            Workload::CpuBound => "CPU-bound",
            Workload::WithIo => "with I/O",
        })
    }
}

/// The numbers of clients.
pub(crate) const CLIENTS: [usize; 4] = [1, 2, 4, 8];

/// One contestant under one load.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ThroughputFigures {
    pub(crate) workload: Workload,
    pub(crate) clients: usize,
    pub(crate) contestant: Contestant,
    pub(crate) load: Load,
}

pub(crate) fn measure(snapshot: &Snapshot, plan: &Plan, steps: &mut Steps) -> Result<Vec<ThroughputFigures>> {
    snapshot.init_as_by_default()?;
    steps.expect(Workload::ALL.len() * CLIENTS.len() * plan.repetitions);
    let tasks = load::client_runtime()?;
    let mut figures = Vec::new();
    for workload in Workload::ALL {
        let guest = Arc::new(workload.guest());
        let mut runtimes = Vec::new();
        for contestant in Contestant::ALL {
            let runtime = contestant.runtime(CAPACITY)?;
            load::run(&tasks, (Clients::Tasks, CAPACITY), &runtime, &guest, plan.warm_up)?;
            runtimes.push((contestant, runtime));
        }
        for clients in CLIENTS {
            let mut loads = vec![Vec::new(); runtimes.len()];
            for _ in 0..plan.repetitions {
                for ((_, runtime), loads) in runtimes.iter().zip(&mut loads) {
                    loads.push(load::run(
                        &tasks,
                        (Clients::Tasks, clients),
                        runtime,
                        &guest,
                        plan.load_time,
                    )?);
                }
                steps.step();
            }
            figures.extend(runtimes.iter().zip(&loads).map(|((contestant, _), loads)| ThroughputFigures {
                workload,
                clients,
                contestant: *contestant,
                load: Load::median_of(loads),
            }));
        }
    }
    Ok(figures)
}
