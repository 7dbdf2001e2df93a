//! How long a request takes when its isolate and context are new, when the isolate is there, and when both are; and
//! how much of that each phase is. One client, nothing else going on.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use benches::guests::Guest;
use benches::samples::{Percentiles, nanos};
use runtime_facade::{
    AheadStats, Call, Collected, Execution, ExecutionContext, MadeAhead, ModeName, Phases, Report, Runtime,
    SharedIsolate, Start, Worker, ahead_stats, process_memory,
};
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::contestants::{Contestant, Contexts, limits};
use crate::load;
use crate::plan::Plan;
use crate::progress::Steps;

/// What a request finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Found {
    /// Nothing: isolate and context are made, and the script is compiled for the first time in this process.
    Nothing,
    /// The script's compiled code, from an earlier request; isolate and context are made.
    Code,
    /// An isolate with a context, that stood by.
    Standby,
    /// The isolate; the context is made.
    Isolate,
    /// The isolate, and a context that was made ahead; where the mode can, with the script evaluated.
    Prepared,
    /// Isolate and context.
    Context,
}

/// A kind of start that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kind {
    pub(crate) mode: ModeName,
    pub(crate) found: Found,
}

impl Kind {
    const fn new(mode: ModeName, found: Found) -> Self {
        Self { mode, found }
    }

    pub(crate) const ALL: [Self; 12] = [
        Self::new(ModeName::Worker, Found::Nothing),
        Self::new(ModeName::Worker, Found::Code),
        Self::new(ModeName::Worker, Found::Context),
        Self::new(ModeName::Pool, Found::Nothing),
        Self::new(ModeName::Pool, Found::Isolate),
        Self::new(ModeName::Pool, Found::Context),
        Self::new(ModeName::Pinned, Found::Nothing),
        Self::new(ModeName::Pinned, Found::Isolate),
        Self::new(ModeName::Pinned, Found::Context),
        Self::new(ModeName::Shared, Found::Nothing),
        Self::new(ModeName::Shared, Found::Isolate),
        Self::new(ModeName::Shared, Found::Context),
    ];

    /// Those for which something was made ahead.
    pub(crate) const AHEAD: [Self; 7] = [
        Self::new(ModeName::Worker, Found::Standby),
        Self::new(ModeName::Pool, Found::Standby),
        Self::new(ModeName::Pool, Found::Prepared),
        Self::new(ModeName::Pinned, Found::Standby),
        Self::new(ModeName::Pinned, Found::Prepared),
        Self::new(ModeName::Shared, Found::Standby),
        Self::new(ModeName::Shared, Found::Prepared),
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match (self.mode, self.found) {
            (_, Found::Nothing) => "cold",
            (_, Found::Code) => "cold, code cached",
            (_, Found::Standby) => "isolate stood by",
            (_, Found::Isolate) => "fresh context",
            (_, Found::Prepared) => "prepared context",
            (ModeName::Worker, Found::Context) => "kept `Worker`",
            (ModeName::Shared, Found::Context) => "kept `ExecutionContext`",
            (_, Found::Context) => "warm context",
        };
        write!(f, "{}: {found}", self.mode)
    }
}

/// The names of the phases, in order.
pub(crate) const PHASES: [&str; 6] = ["acquire", "create", "context", "evaluate", "handler", "response"];

/// One kind of start, measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct StartFigures {
    pub(crate) kind: Kind,
    /// From the call until the answer was read and the request had ended.
    pub(crate) total: Percentiles,
    /// In the order of [`PHASES`].
    pub(crate) phases: [Percentiles; 6],
}

impl StartFigures {
    /// The medians over repetitions of one kind.
    pub(crate) fn median_of(repetitions: &[Self]) -> Option<Self> {
        let kind = repetitions.first()?.kind;
        let median = |pick: &dyn Fn(&Self) -> Percentiles| {
            Percentiles::median_of(&repetitions.iter().map(pick).collect::<Vec<_>>())
        };
        let phases = std::array::from_fn(|phase| median(&|one: &Self| one.phases[phase]));
        Some(Self { kind, total: median(&|one| one.total), phases })
    }
}

#[derive(Default)]
struct Samples {
    total: Vec<u64>,
    phases: [Vec<u64>; 6],
}

impl Samples {
    fn add(&mut self, total: Duration, phases: &Phases) {
        self.total.push(nanos(total));
        let Phases { acquire, create, context, evaluate, handler, response } = *phases;
        for (samples, phase) in
            self.phases.iter_mut().zip([acquire, create, context, evaluate, handler, response])
        {
            samples.push(nanos(phase));
        }
    }

    fn append(&mut self, other: Self) {
        self.total.extend(other.total);
        for (samples, more) in self.phases.iter_mut().zip(other.phases) {
            samples.extend(more);
        }
    }

    fn figures(self, kind: Kind) -> StartFigures {
        StartFigures { kind, total: Percentiles::of(self.total), phases: self.phases.map(Percentiles::of) }
    }
}

/// One repetition of all kinds.
pub(crate) fn measure(snapshot: &Snapshot, plan: &Plan, steps: &mut Steps) -> Result<Vec<StartFigures>> {
    snapshot.init()?;
    measure_kinds(&Kind::ALL, plan, steps)
}

/// One repetition of the kinds for which something is made ahead.
pub(crate) fn measure_ahead(
    snapshot: &Snapshot,
    plan: &Plan,
    steps: &mut Steps,
) -> Result<Vec<StartFigures>> {
    snapshot.init_as_by_default()?;
    measure_kinds(&Kind::AHEAD, plan, steps)
}

fn measure_kinds(kinds: &[Kind], plan: &Plan, steps: &mut Steps) -> Result<Vec<StartFigures>> {
    steps.expect(kinds.len());
    let client = load::own_runtime()?;
    let guest = Guest::hello();
    // What is paid once a process (threads, page faults, the platform's lazy parts) is no start's.
    client.block_on(async {
        for kind in kinds {
            measure_kind(*kind, &guest, 3, Duration::from_secs(1)).await?;
        }
        anyhow::Ok(())
    })?;
    let mut all = Vec::new();
    for kind in kinds.iter().copied() {
        let samples = client.block_on(measure_kind(kind, &guest, plan.start_samples, plan.start_time))?;
        all.push(samples.figures(kind));
        steps.step();
    }
    Ok(all)
}

async fn measure_kind(kind: Kind, guest: &Guest, most: usize, time: Duration) -> Result<Samples> {
    let clock = Clock { most, until: Instant::now() + time };
    match kind {
        Kind { mode: ModeName::Worker, found: Found::Context } => kept_worker(guest, &clock).await,
        Kind { mode: ModeName::Shared, found: Found::Context } => kept_context(guest, &clock).await,
        Kind { mode, found: found @ (Found::Nothing | Found::Code) } => {
            cold(mode, found, guest, &clock).await
        }
        Kind { mode, found: Found::Standby } => standby(mode, guest, &clock).await,
        Kind { mode, found: Found::Prepared } => prepared(mode, guest, &clock).await,
        Kind { mode, found: Found::Isolate } => {
            warm(Contestant { mode, contexts: Contexts::Fresh }, guest, &clock).await
        }
        Kind { mode, found: Found::Context } => {
            warm(Contestant { mode, contexts: Contexts::Reused }, guest, &clock).await
        }
    }
}

/// How much longer to go on.
struct Clock {
    most: usize,
    until: Instant,
}

impl Clock {
    /// At least one sample, at most as many as asked, and none after the time.
    fn goes_on(&self, samples: &Samples) -> bool {
        let count = samples.total.len();
        count == 0 || (count < self.most && Instant::now() < self.until)
    }
}

/// Each sample is the first request of a mode that has just been set up.
async fn cold(mode: ModeName, found: Found, guest: &Guest, clock: &Clock) -> Result<Samples> {
    let mut samples = Samples::default();
    while clock.goes_on(&samples) {
        let runtime = Contestant { mode, contexts: Contexts::Fresh }.without_preparing(1)?;
        let call = if found == Found::Nothing { guest.call_of_new_code() } else { guest.call() };
        sample(&mut samples, guest, execute(&runtime, call)).await?;
        drop(runtime);
        all_disposed().await?;
    }
    Ok(samples)
}

/// Each sample is a further request of one worker.
async fn warm(contestant: Contestant, guest: &Guest, clock: &Clock) -> Result<Samples> {
    let runtime = contestant.without_preparing(1)?;
    for _ in 0..3 {
        guest.check(&execute(&runtime, guest.call()).await?)?;
    }
    let mut samples = Samples::default();
    while clock.goes_on(&samples) {
        sample(&mut samples, guest, execute(&runtime, guest.call())).await?;
    }
    drop(runtime);
    all_disposed().await?;
    Ok(samples)
}

/// Each sample is the first request of a mode that has just been set up, or of the worker mode, and gets an isolate
/// that stood by.
async fn standby(mode: ModeName, guest: &Guest, clock: &Clock) -> Result<Samples> {
    let mut samples = Samples::default();
    while clock.goes_on(&samples) {
        let runtime = Contestant { mode, contexts: Contexts::Fresh }.without_preparing(1)?;
        made("an isolate stands by", |ahead| ahead.standby_isolates >= 2).await?;
        let report = sample(&mut samples, guest, execute(&runtime, guest.call())).await?;
        if report.start != Start::Standby {
            bail!("expected an isolate that stood by, found {:?}", report.start);
        }
        drop(runtime);
        all_disposed().await?;
    }
    Ok(samples)
}

/// Each sample is a further request of one worker, and finds what its isolate has made since the one before.
async fn prepared(mode: ModeName, guest: &Guest, clock: &Clock) -> Result<Samples> {
    let wanted = if mode == ModeName::Shared { MadeAhead::Context } else { MadeAhead::TopLevel };
    let runtime = Contestant { mode, contexts: Contexts::Fresh }.runtime(1)?;
    let mut samples = Samples::default();
    let mut discarded = Samples::default();
    while clock.goes_on(&samples) {
        let before = ahead_stats();
        sample(&mut discarded, guest, execute(&runtime, guest.call())).await?;
        made("the next context is made", |ahead| match wanted {
            MadeAhead::TopLevel => {
                ahead.top_levels_made + ahead.top_levels_given_up
                    > before.top_levels_made + before.top_levels_given_up
            }
            _ => ahead.contexts_made > before.contexts_made,
        })
        .await?;
        let mut one = Samples::default();
        if sample(&mut one, guest, execute(&runtime, guest.call())).await?.made_ahead == wanted {
            samples.append(one);
        }
    }
    drop(runtime);
    all_disposed().await?;
    Ok(samples)
}

async fn made(what: &str, is_made: impl Fn(AheadStats) -> bool) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_made(ahead_stats()) {
        if Instant::now() > deadline {
            bail!("{what}: not within 10 s; {:?}", ahead_stats());
        }
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    Ok(())
}

async fn kept_worker(guest: &Guest, clock: &Clock) -> Result<Samples> {
    let mut worker = Worker::new_with_ops(guest.code(), limits(), guest.ops()).await?;
    let mut samples = Samples::default();
    while clock.goes_on(&samples) {
        sample(&mut samples, guest, async { collect(worker.exec(guest.event()).await?).await }).await?;
    }
    drop(worker);
    all_disposed().await?;
    Ok(samples)
}

async fn kept_context(guest: &Guest, clock: &Clock) -> Result<Samples> {
    let mut isolate = SharedIsolate::new(limits());
    let mut context = ExecutionContext::new(&mut isolate, guest.code(), guest.ops())?;
    guest.check(&collect(context.exec(guest.event()).await?).await?)?;
    let mut samples = Samples::default();
    while clock.goes_on(&samples) {
        sample(&mut samples, guest, async { collect(context.exec(guest.event()).await?).await }).await?;
    }
    drop((context, isolate));
    all_disposed().await?;
    Ok(samples)
}

async fn execute(runtime: &Runtime, call: Call) -> Result<Collected> {
    collect(runtime.execute(call).await?).await
}

async fn collect(execution: Execution) -> Result<Collected> {
    Ok(execution.collect().await?)
}

/// Times one request and checks its answer.
async fn sample(
    samples: &mut Samples,
    guest: &Guest,
    request: impl Future<Output = Result<Collected>>,
) -> Result<Report> {
    let started = Instant::now();
    let collected = request.await?;
    let total = started.elapsed();
    guest.check(&collected)?;
    samples.add(total, &collected.report.phases);
    Ok(collected.report)
}

/// Waits until every isolate has been disposed of, but for those that stand by, so that no sample pays for the one before.
async fn all_disposed() -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while process_memory().isolates > ahead_stats().standby_isolates {
        if Instant::now() > deadline {
            bail!("expected all isolates to be disposed of, found {} left", process_memory().isolates);
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    Ok(())
}
