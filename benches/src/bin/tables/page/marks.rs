//! What the figures must reach. A mark whose figures were not measured is not listed.

use runtime_facade::ModeName;

use super::units;
use crate::parts::primitives::Primitive;
use crate::parts::start::{Found, Kind};
use crate::results::Results;

/// A figure and what it must be.
pub(crate) struct Mark {
    pub(crate) what: String,
    pub(crate) wanted: &'static str,
    pub(crate) found: String,
    pub(crate) is_met: bool,
}

impl Mark {
    fn time(what: &str, wanted: &'static str, most_nanos: f64, found: f64) -> Self {
        Self { what: what.to_owned(), wanted, found: units::time(found), is_met: found < most_nanos }
    }
}

/// All marks for which there are figures.
pub(crate) fn marks(results: &Results) -> Vec<Mark> {
    let mut marks = Vec::new();
    let primitive = |which| results.primitives.iter().find(|figures| figures.primitive == which);
    if let Some(acquire) = primitive(Primitive::PoolAcquire) {
        let what = "acquiring and releasing a warm isolate in the pool, lock included, p50";
        marks.push(Mark::time(what, "under 1 µs", 1e3, acquire.time.p50));
    }
    let start = |mode, found| results.start.iter().find(|figures| figures.kind == Kind { mode, found });
    if let Some(fresh) = start(ModeName::Pool, Found::Isolate) {
        let what = "a fresh context with the platform inside, p50";
        marks.push(Mark::time(what, "under 1 ms", 1e6, fresh.phases[2].p50));
    }
    if let Some(contexts) = &results.contexts {
        let [with, without] = [contexts.with_platform.p50, contexts.without.p50].map(units::time);
        marks.push(Mark {
            what: format!(
                "V8's part of a context with the platform ({with}), of 1.3 times that of one without ({without}) \
                 and 100 µs, in the middle turn"
            ),
            wanted: "100 % or less",
            found: units::percent(contexts.share_of_most),
            is_met: contexts.share_of_most <= 1.0,
        });
    }
    if let Some(worker) = start(ModeName::Worker, Found::Code) {
        let what = "a worker-mode request, everything included, p50";
        marks.push(Mark::time(what, "under 4 ms", 4e6, worker.total.p50));
    }
    for mode in [ModeName::Pool, ModeName::Pinned] {
        if let Some((lead, place)) = smallest_lead(results, mode) {
            marks.push(Mark {
                what: format!("{mode} over worker, in the throughput row where it is closest ({place})"),
                wanted: "above 1",
                found: format!("{lead:.2}"),
                is_met: lead > 1.0,
            });
        }
    }
    let least = results.contention.iter().map(|figures| figures.share).min_by(f64::total_cmp);
    if let Some(least) = least {
        marks.push(Mark {
            what:
                "the pool under contention, of the same work done serially on one isolate, in its worst row"
                    .to_owned(),
            wanted: "80 % or more",
            found: units::percent(least),
            is_met: least >= 0.8,
        });
    }
    marks
}

/// By how much a mode is above the worker mode in the row where it is least, and which row that is.
fn smallest_lead(results: &Results, mode: ModeName) -> Option<(f64, String)> {
    let of_mode = results.throughput.iter().filter(|figures| figures.contestant.mode == mode);
    let leads = of_mode.filter_map(|figures| {
        let worker = results.throughput.iter().find(|other| {
            other.contestant.mode == ModeName::Worker
                && (other.workload, other.clients) == (figures.workload, figures.clients)
        })?;
        let place = format!("{}, {}, {} clients", figures.contestant, figures.workload, figures.clients);
        Some((figures.load.rate / worker.load.rate, place))
    });
    leads.min_by(|one, other| one.0.total_cmp(&other.0))
}
