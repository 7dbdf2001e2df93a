//! Which charts there are and what they show. How lines and bars are drawn is `draw`'s.

use anyhow::Result;
use benches::samples::Percentiles;

use super::draw::{self, Bars, Group, Lines, Series};
use super::sections::charts_name;
use crate::contestants::{Contestant, Contexts};
use crate::load::Clients;
use crate::parts::memory::{MemoryFigures, Weight};
use crate::parts::start::{PHASES, StartFigures};
use crate::parts::throughput::{CLIENTS, Workload};
use crate::results::Results;

/// A chart that can be drawn.
pub(super) struct Chart {
    pub(super) name: &'static str,
    pub(super) title: String,
    kind: Kind,
}

enum Kind {
    Bars(Bars),
    Lines(Lines),
}

impl Chart {
    /// The chart as SVG.
    pub(super) fn draw(&self) -> Result<String> {
        match &self.kind {
            Kind::Bars(bars) => draw::bars(&self.title, bars),
            Kind::Lines(lines) => draw::lines(&self.title, lines),
        }
    }

    fn bars(name: &'static str, title: &str, bars: Bars) -> Self {
        Self { name, title: title.to_owned(), kind: Kind::Bars(bars) }
    }
}

pub(super) fn all(results: &Results) -> Vec<Chart> {
    let mut charts = Vec::new();
    if !results.start.is_empty() {
        charts.push(start(results));
        charts.push(phases(&results.start));
    }
    if !results.throughput.is_empty() {
        charts.extend(Workload::ALL.map(|workload| throughput(results, workload)));
    }
    if !results.contention.is_empty() {
        charts.push(contention(results));
    }
    if let (Some(with), Some(without)) = (&results.memory, &results.memory_without) {
        charts.push(memory(with, without));
    }
    charts
}

fn milliseconds(times: &Percentiles) -> f64 {
    times.p50 / 1e6
}

fn start(results: &Results) -> Chart {
    let without = |figures: &StartFigures| {
        let same = results.start_without.iter().find(|other| other.kind == figures.kind);
        same.map_or(0.0, |other| milliseconds(&other.total))
    };
    let groups = results.start.iter().map(|figures| Group {
        name: figures.kind.to_string().replace('`', ""),
        values: vec![milliseconds(&figures.total), without(figures)],
    });
    Chart::bars(
        "start",
        "A request by what it finds, p50",
        Bars {
            unit: "ms",
            series: vec!["with snapshot".to_owned(), "without snapshot".to_owned()],
            groups: groups.collect(),
            is_stacked: false,
            is_logarithmic: true,
            mark: None,
        },
    )
}

fn phases(start: &[StartFigures]) -> Chart {
    let groups = start.iter().map(|figures| Group {
        name: figures.kind.to_string().replace('`', ""),
        values: figures.phases.iter().map(milliseconds).collect(),
    });
    Chart::bars(
        "phases",
        "Phases of a request with a snapshot, p50 of each",
        Bars {
            unit: "ms",
            series: PHASES.map(str::to_owned).to_vec(),
            groups: groups.collect(),
            is_stacked: true,
            is_logarithmic: false,
            mark: None,
        },
    )
}

fn throughput(results: &Results, workload: Workload) -> Chart {
    let series = Contestant::ALL.map(|contestant| Series {
        name: contestant.to_string(),
        points: CLIENTS
            .iter()
            .filter_map(|clients| {
                let key = (workload, *clients, contestant);
                let same =
                    results.throughput.iter().find(|one| (one.workload, one.clients, one.contestant) == key);
                same.map(|figures| (*clients as f64, figures.load.rate))
            })
            .collect(),
    });
    Chart {
        name: charts_name(workload),
        title: format!("Throughput, {workload}"),
        kind: Kind::Lines(Lines { across: "clients", up: "requests/s", series: series.to_vec() }),
    }
}

fn contention(results: &Results) -> Chart {
    let cases = [
        (Contexts::Fresh, Clients::Tasks, "fresh context, tasks"),
        (Contexts::Fresh, Clients::Threads, "fresh context, threads"),
        (Contexts::Reused, Clients::Tasks, "warm context, tasks"),
        (Contexts::Reused, Clients::Threads, "warm context, threads"),
    ];
    let groups = cases.iter().map(|(contexts, clients, name)| Group {
        name: (*name).to_owned(),
        values: results
            .contention
            .iter()
            .filter(|figures| (figures.contexts, figures.clients) == (*contexts, *clients))
            .map(|figures| figures.share * 100.0)
            .collect(),
    });
    Chart::bars(
        "contention",
        "8 clients on few isolates, of the same work done serially on one",
        Bars {
            unit: "%",
            series: crate::parts::contention::ISOLATES
                .map(|isolates| format!("{isolates} isolates"))
                .to_vec(),
            groups: groups.collect(),
            is_stacked: false,
            is_logarithmic: false,
            mark: Some(80.0),
        },
    )
}

fn memory(with: &MemoryFigures, without: &MemoryFigures) -> Chart {
    let kib = |weight: Weight| weight.resident / 1024.0;
    let group = |name: &str, pick: fn(&MemoryFigures) -> Weight| Group {
        name: name.to_owned(),
        values: vec![kib(pick(with)), kib(pick(without))],
    };
    Chart::bars(
        "memory",
        "Resident memory of each",
        Bars {
            unit: "KiB",
            series: vec!["with snapshot".to_owned(), "without snapshot".to_owned()],
            groups: vec![
                group("isolate", |figures| figures.isolate),
                group("isolate with a worker", |figures| figures.isolate_with_worker),
                group("further context", |figures| figures.further_context),
            ],
            is_stacked: false,
            is_logarithmic: false,
            mark: None,
        },
    )
}
