//! A whole run: the parts in their order, repeated and condensed. What the figures mean is `page`'s.

use std::path::Path;

use anyhow::{Context as _, Result};
use benches::samples::{Percentiles, median};
use serde::Serialize;

use crate::child;
use crate::parts::contention::ContentionFigures;
use crate::parts::init::Init;
use crate::parts::memory::MemoryFigures;
use crate::parts::primitives::PrimitiveFigures;
use crate::parts::start::{Kind, StartFigures};
use crate::parts::throughput::ThroughputFigures;
use crate::parts::{Part, Snapshot};
use crate::plan::{Plan, Table};
use crate::progress::Progress;

/// All figures of a run; those of tables that were not asked for are empty.
#[derive(Default, Serialize)]
pub(crate) struct Results {
    pub(crate) init: Vec<InitFigures>,
    /// With a snapshot.
    pub(crate) start: Vec<StartFigures>,
    /// Without.
    pub(crate) start_without: Vec<StartFigures>,
    pub(crate) primitives: Vec<PrimitiveFigures>,
    pub(crate) contexts: Option<ContextFigures>,
    pub(crate) throughput: Vec<ThroughputFigures>,
    pub(crate) contention: Vec<ContentionFigures>,
    /// With a snapshot.
    pub(crate) memory: Option<MemoryFigures>,
    /// Without.
    pub(crate) memory_without: Option<MemoryFigures>,
}

/// Initialising V8, the median over processes.
#[derive(Serialize)]
pub(crate) struct InitFigures {
    pub(crate) snapshot: String,
    pub(crate) nanos: f64,
    pub(crate) snapshot_bytes: Option<usize>,
}

/// V8's part of making a context.
#[derive(Serialize)]
pub(crate) struct ContextFigures {
    pub(crate) with_platform: Percentiles,
    pub(crate) without: Percentiles,
    /// What one with the platform takes of what it may: the median over the turns, in each of which those with the platform
    /// are compared with those made without it right afterwards.
    pub(crate) share_of_most: f64,
}

impl ContextFigures {
    /// The most that a context with the platform may take, in nanoseconds, where one without takes `without`.
    fn most(without: f64) -> f64 {
        1.3 * without + 100e3
    }

    fn of(turns: Vec<[Vec<u64>; 2]>) -> Self {
        let middle = |samples: &[u64]| median(samples.iter().map(|nanos| *nanos as f64));
        let shares = turns.iter().map(|[with, without]| middle(with) / Self::most(middle(without)));
        let share_of_most = median(shares);
        let (with, without): (Vec<_>, Vec<_>) =
            turns.into_iter().map(|[with, without]| (with, without)).unzip();
        Self {
            share_of_most,
            with_platform: Percentiles::of(with.concat()),
            without: Percentiles::of(without.concat()),
        }
    }
}

/// Measures the tables that are asked for.
pub(crate) fn measure(plan: &Plan, tables: &[Table]) -> Result<Results> {
    let folder = tempfile::tempdir().context("no temporary folder for the snapshot")?;
    let path = folder.path().join("base.snapshot");
    let snapshot = Snapshot::File(path.clone());
    let parts = tables.iter().map(|table| match table {
        Table::Start => 6 * plan.repetitions,
        Table::Primitives | Table::Memory => 2,
        Table::Throughput | Table::Contention => 1,
    });
    let mut progress = Progress::new(1 + parts.sum::<usize>());
    let mut run = Run { plan, progress: &mut progress, results: Results::default() };
    run.write_snapshot(&path)?;
    for table in tables {
        match table {
            Table::Start => run.start(&snapshot)?,
            Table::Primitives => {
                run.results.primitives = run.part(&Part::Primitives(snapshot.clone()))?;
                run.contexts(&snapshot)?;
            }
            Table::Throughput => run.results.throughput = run.part(&Part::Throughput(snapshot.clone()))?,
            Table::Contention => run.results.contention = run.part(&Part::Contention(snapshot.clone()))?,
            Table::Memory => {
                run.results.memory = Some(run.part(&Part::Memory(snapshot.clone()))?);
                run.results.memory_without = Some(run.part(&Part::Memory(Snapshot::None))?);
            }
        }
    }
    Ok(run.results)
}

struct Run<'r> {
    plan: &'r Plan,
    progress: &'r mut Progress,
    results: Results,
}

impl Run<'_> {
    fn part<T: serde::de::DeserializeOwned>(&mut self, part: &Part) -> Result<T> {
        child::measure(part, self.plan, self.progress)
    }

    fn write_snapshot(&mut self, path: &Path) -> Result<()> {
        let _bytes: usize = self.part(&Part::WriteSnapshot(path.to_owned()))?;
        Ok(())
    }

    /// Contexts with the platform and contexts without it.
    fn contexts(&mut self, snapshot: &Snapshot) -> Result<()> {
        let parts = [&Part::Contexts(Some(snapshot.clone())), &Part::Contexts(None)];
        let turns = child::measure_in_turns(parts, self.plan.context_turns, self.plan, self.progress)?;
        self.results.contexts = Some(ContextFigures::of(turns));
        Ok(())
    }

    /// The processes with and without snapshot take turns.
    fn start(&mut self, snapshot: &Snapshot) -> Result<()> {
        let ways = [snapshot.clone(), Snapshot::Built, Snapshot::None];
        let mut inits: [Vec<Init>; 3] = Default::default();
        let (mut with, mut ahead, mut without) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.plan.repetitions {
            for (way, inits) in ways.iter().zip(&mut inits) {
                inits.push(self.part(&Part::Init(way.clone()))?);
            }
            with.push(self.part::<Vec<StartFigures>>(&Part::Start(snapshot.clone()))?);
            ahead.push(self.part::<Vec<StartFigures>>(&Part::StartAhead(snapshot.clone()))?);
            without.push(self.part::<Vec<StartFigures>>(&Part::Start(Snapshot::None))?);
        }
        self.results.init = ways
            .iter()
            .zip(&inits)
            .map(|(way, inits)| InitFigures {
                snapshot: way.to_string(),
                nanos: median(inits.iter().map(|init| init.nanos as f64)),
                snapshot_bytes: inits.first().and_then(|init| init.snapshot_bytes),
            })
            .collect();
        self.results.start = medians(&with);
        self.results.start.extend(medians(&ahead));
        self.results.start_without = medians(&without);
        Ok(())
    }
}

fn medians(repetitions: &[Vec<StartFigures>]) -> Vec<StartFigures> {
    let of = |kind: Kind| {
        let same: Vec<StartFigures> =
            repetitions.iter().flatten().filter(|figures| figures.kind == kind).copied().collect();
        StartFigures::median_of(&same)
    };
    Kind::ALL.into_iter().chain(Kind::AHEAD).filter_map(of).collect()
}
