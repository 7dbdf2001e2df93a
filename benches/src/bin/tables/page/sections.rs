//! The page's words and tables. Charts are `charts`'; here are only the places where they go.

use std::fmt::Write as _;

use runtime_facade::ModeName;

use super::marks::marks;
use super::table::Table;
use super::units;
use crate::contestants::{CAPACITY, Contestant, Contexts};
use crate::load::Clients;
use crate::machine::Machine;
use crate::parts::memory::{MemoryFigures, Weight};
use crate::parts::primitives::Primitive;
use crate::parts::start::{Found, Kind, PHASES, StartFigures};
use crate::parts::throughput::{CLIENTS, ThroughputFigures, Workload};
use crate::parts::{contention, throughput};
use crate::plan::Plan;
use crate::results::Results;

/// What stands in the text where a chart goes.
pub(super) fn place_of(chart: &str) -> String {
    format!("<!-- chart: {chart} -->")
}

/// The text without the places of charts that there are not.
pub(super) fn without_places(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("<!-- chart: "));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

pub(super) fn page(machine: &Machine, plan: &Plan, results: &Results) -> String {
    let sections = [
        head(machine, plan),
        reached(results),
        specification(results),
        start(results),
        phases(results),
        init(results),
        primitives(plan, results),
        throughput(results),
        contention(results),
        memory(results),
    ];
    let sections: Vec<String> = sections.into_iter().flatten().collect();
    sections.join("\n")
}

fn head(machine: &Machine, plan: &Plan) -> Option<String> {
    let Machine { date, processor, processors, memory_gib, system, load, rust, v8, commit, command } =
        machine;
    let quick = if plan.is_quick {
        "\n**This is a quick run: every figure is from a fraction of a second, and noisy.**\n"
    } else {
        ""
    };
    let repetitions = plan.repetitions;
    Some(format!(
        "# Benchmarks

This page is written by `{command}`; do not edit it. The raw figures are in `benchmarks/figures.json`.
{quick}
| | |
|-|-|
| date | {date} |
| processor | {processor}, {processors} logical |
| memory | {memory_gib:.0} GiB |
| system | {system}; load of the last minute before the run: {load} |
| build | release, {rust}, V8 {v8}, commit {commit} |

Every answer is compared with the one that the guest must give, inside the timed run; a wrong one ends it. Every table
is measured in processes of its own. Everything is measured {repetitions} times, what is compared with each other in
turns, and the medians are printed. Three times in one cell are p50 / p90 / p99. Limits are enforced as by default,
but for the processor time of a request, which is raised so that a slow machine fails nobody. Clients and guests share
the machine's processors.
"
    ))
}

fn reached(results: &Results) -> Option<String> {
    let marks = marks(results);
    if marks.is_empty() {
        return None;
    }
    let mut table = Table::new(["mark", "wanted", "found", ""]);
    for mark in marks {
        let verdict = if mark.is_met { "met" } else { "**missed**" };
        table.row([mark.what, mark.wanted.to_owned(), mark.found, verdict.to_owned()]);
    }
    Some(format!("## Marks\n\n{}", table.markdown()))
}

fn find(figures: &[StartFigures], mode: ModeName, found: Found) -> Option<&StartFigures> {
    figures.iter().find(|figures| figures.kind == Kind { mode, found })
}

/// The specification's own tables, with figures.
fn specification(results: &Results) -> Option<String> {
    let mut text = String::from("## The modes compared\n\n");
    let is_there = !results.start.is_empty() || !results.throughput.is_empty();
    if !results.start.is_empty() {
        let request = |mode, found| {
            find(&results.start, mode, found)
                .map_or("–".to_owned(), |figures| units::time(figures.total.p50))
        };
        let made = |mode| {
            find(&results.start, mode, Found::Nothing)
                .map_or("–".to_owned(), |figures| units::time(figures.phases[1].p50))
        };
        let acquired = |mode| match find(&results.start, mode, Found::Isolate) {
            Some(figures) => units::time(figures.phases[0].p50),
            None => "–".to_owned(),
        };
        let mut table = Table::new([
            "Mode",
            "Isolate, cold",
            "Isolate, warm",
            "Request, cold",
            "Request, warm isolate",
            "Request, warm context",
            "Thread model",
            "Use case",
        ]);
        let rows = [
            (ModeName::Pool, "IsolatePool", "any thread, `v8::Locker`", "high throughput"),
            (ModeName::Pinned, "Thread-pinned pool", "thread-local pools", "multi-tenant"),
            (ModeName::Worker, "Worker", "an isolate a request", "max isolation"),
            (ModeName::Shared, "SharedIsolate", "thread-local", "legacy"),
        ];
        for (mode, name, threads, case) in rows {
            let (warm_isolate, isolate) = match mode {
                ModeName::Worker => (request(mode, Found::Code), made(mode)),
                _ => (request(mode, Found::Isolate), acquired(mode)),
            };
            table.row([
                name.to_owned(),
                made(mode),
                isolate,
                request(mode, Found::Nothing),
                warm_isolate,
                request(mode, Found::Context),
                threads.to_owned(),
                case.to_owned(),
            ]);
        }
        text += &table.markdown();
        text += "\np50 of one client with nothing else going on, with a snapshot. *Isolate*: until the request has one, \
                 queue included: made (cold) or found (warm). *Request*: until its answer was read. The worker mode \
                 makes an isolate for every request, so its warm one is new, too, and only the compiled code is \
                 found; its warm context is a `Worker` value that is kept.\n";
        if let Some(cache) = cache_behaviour(results) {
            text += &cache;
        }
    }
    if !results.throughput.is_empty() {
        let most = CLIENTS[CLIENTS.len() - 1];
        let mut table = Table::new(["Scenario", "Shared pool", "Thread-pinned", "SharedIsolate", "Worker"]);
        for workload in Workload::ALL {
            let rate = |mode| {
                let same = |figures: &&ThroughputFigures| {
                    (figures.workload, figures.clients, figures.contestant)
                        == (workload, most, Contestant { mode, contexts: Contexts::Fresh })
                };
                let found = results.throughput.iter().find(same);
                found.map_or("–".to_owned(), |figures| units::rate(figures.load.rate))
            };
            let modes = [ModeName::Pool, ModeName::Pinned, ModeName::Shared, ModeName::Worker];
            table.row(std::iter::once(workload.to_string()).chain(modes.map(rate)));
        }
        let _ = write!(
            text,
            "\n{}\nRequests a second of {most} clients, a fresh context for every request; see Throughput.\n",
            table.markdown()
        );
    }
    is_there.then_some(text)
}

/// What a hit and a miss of the pool's cache cost.
fn cache_behaviour(results: &Results) -> Option<String> {
    let miss = |figures: &[StartFigures]| {
        let cold = find(figures, ModeName::Pool, Found::Nothing)?;
        Some(format!(
            "{} for the isolate, {} for its context",
            units::time(cold.phases[1].p50),
            units::time(cold.phases[2].p50)
        ))
    };
    let hit = results.primitives.iter().find(|figures| figures.primitive == Primitive::PoolAcquire);
    let mut table = Table::new(["IsolatePool's cache", "cost, p50"]);
    if let Some(hit) = hit {
        table.row(["hit: acquire, lock, unlock, release".to_owned(), units::time(hit.time.p50)]);
    }
    table.row(["miss: create, with snapshot".to_owned(), miss(&results.start)?]);
    table.row(["miss: create, without".to_owned(), miss(&results.start_without)?]);
    Some(format!("\n{}", table.markdown()))
}

fn start(results: &Results) -> Option<String> {
    if results.start.is_empty() {
        return None;
    }
    let mut table = Table::new(["request", "with snapshot", "without snapshot", "samples"]);
    for figures in &results.start {
        let without = find(&results.start_without, figures.kind.mode, figures.kind.found);
        table.row([
            figures.kind.to_string(),
            units::percentiles(&figures.total),
            without.map_or("–".to_owned(), |without| units::percentiles(&without.total)),
            format!("{} / {}", figures.total.count, without.map_or(0, |without| without.total.count)),
        ]);
    }
    Some(format!(
        "## Start

From the call until the answer was read and the request had ended; one client, one turn thread, nothing else going on.
*Cold*: the mode has just been set up, and this process has never seen the script. *Cold, code cached*: the isolate and
the context are new, the script's code is in the cache. *Fresh context*: the isolate is there. *Warm context*: so is
the context, with the script evaluated. Nothing is made ahead for these. *Isolate stood by*: the first request of a mode
gets an isolate of the stock, which has a context. *Prepared context*: the isolate is there and has made its next context,
in the pool and the pinned mode with the script evaluated; the client has waited for that.

{}
{}
",
        table.markdown(),
        place_of("start")
    ))
}

fn phases(results: &Results) -> Option<String> {
    if results.start.is_empty() {
        return None;
    }
    let of = |figures: &[StartFigures]| {
        let mut table = Table::new(std::iter::once("request").chain(PHASES));
        for figures in figures {
            let phases = figures.phases.iter().map(units::percentiles);
            table.row(std::iter::once(figures.kind.to_string()).chain(phases));
        }
        table.markdown()
    };
    Some(format!(
        "## Phases

The same requests, each phase apart. *Acquire*: from the call until a place was had. *Create*: making the isolate, on a
turn thread. *Context*: making the context. *Evaluate*: compiling and evaluating the script's top level. *Handler*:
everything else until the answer was there, the way to the turn thread and back included. *Response*: from then until
everything had ended.

With snapshot:

{}
{}

Without:

{}",
        of(&results.start),
        place_of("phases"),
        of(&results.start_without)
    ))
}

fn init(results: &Results) -> Option<String> {
    if results.init.is_empty() {
        return None;
    }
    let mut table = Table::new(["once a process", "time", "snapshot"]);
    for figures in &results.init {
        let size = figures.snapshot_bytes.map_or("–".to_owned(), |bytes| units::bytes(bytes as f64));
        let what = match figures.snapshot.as_str() {
            "with a snapshot" => "initialising V8 with a snapshot from a file",
            "without snapshot" => "initialising V8 without snapshot",
            _ => "initialising V8 and making the snapshot",
        };
        table.row([what.to_owned(), units::time(figures.nanos), size]);
    }
    Some(format!("## Process\n\n{}", table.markdown()))
}

fn primitives(plan: &Plan, results: &Results) -> Option<String> {
    if results.primitives.is_empty() {
        return None;
    }
    let mut table = Table::new(["primitive", "p50", "p90", "p99", "samples"]);
    let contexts = results.contexts.iter().flat_map(|contexts| {
        [
            ("context: V8's part, from the snapshot", &contexts.with_platform),
            ("context: V8's part, without the platform", &contexts.without),
        ]
    });
    let primitives = results.primitives.iter().map(|figures| (figures.primitive.label(), &figures.time));
    for (label, time) in primitives.chain(contexts) {
        let times = [time.p50, time.p90, time.p99].map(units::time);
        table.row(std::iter::once(label.to_owned()).chain(times).chain([time.count.to_string()]));
    }
    Some(format!(
        "## Primitives

Each in a tight loop on one thread, every pass timed by itself. `cargo bench -p benches` has more of them, in batches.
Contexts with and without the platform are made in two processes that take turns, {} times {} of each.

{}",
        plan.context_turns,
        plan.contexts_a_turn,
        table.markdown()
    ))
}

fn throughput(results: &Results) -> Option<String> {
    if results.throughput.is_empty() {
        return None;
    }
    let mut text = format!(
        "## Throughput

Every contestant has {CAPACITY} isolates and {CAPACITY} turn threads in total: worker and pool in one group that any
isolate may use, pinned and shared as {CAPACITY} threads with one isolate each. (The shared mode has exactly one isolate
a thread, which is why both numbers are the same.) All serve one worker of one owner. Clients are tasks of one runtime
with a thread a processor; each sends its next request when the answer to the last has been checked.

*Warm cache*: a short text. *CPU-bound*: half a million rounds of integer arithmetic. *With I/O*: one host operation of
5 ms, on a timer with a grain of 1 ms.
"
    );
    for workload in Workload::ALL {
        let heads = CLIENTS.iter().map(|clients| format!("{clients} clients"));
        let mut rates = Table::new(std::iter::once(format!("{workload}, requests/s")).chain(heads.clone()));
        let mut latencies = Table::new(std::iter::once(format!("{workload}, latency")).chain(heads));
        for contestant in Contestant::ALL {
            let loads: Vec<_> = CLIENTS
                .iter()
                .filter_map(|clients| {
                    let key = (workload, *clients, contestant);
                    results.throughput.iter().find(|one| (one.workload, one.clients, one.contestant) == key)
                })
                .collect();
            let name = std::iter::once(contestant.to_string());
            rates.row(name.clone().chain(loads.iter().map(|figures| units::rate(figures.load.rate))));
            latencies.row(name.chain(loads.iter().map(|figures| units::percentiles(&figures.load.latency))));
        }
        let name = charts_name(workload);
        let _ = write!(text, "\n{}\n{}\n\n{}", rates.markdown(), place_of(name), latencies.markdown());
    }
    Some(text)
}

/// The name of a workload's chart.
pub(super) fn charts_name(workload: throughput::Workload) -> &'static str {
    match workload {
        Workload::WarmCache => "throughput-warm-cache",
        Workload::CpuBound => "throughput-cpu-bound",
        Workload::WithIo => "throughput-with-io",
    }
}

fn contention(results: &Results) -> Option<String> {
    if results.contention.is_empty() {
        return None;
    }
    let mut table =
        Table::new(["pool", "isolates", "contended, requests/s", "serial, requests/s", "share", "latency"]);
    for figures in &results.contention {
        let contexts = match figures.contexts {
            Contexts::Fresh => "fresh context",
            Contexts::Reused => "warm context",
        };
        let clients = match figures.clients {
            Clients::Tasks => "tasks",
            Clients::Threads => "threads",
        };
        table.row([
            format!("{contexts}, {} {clients}", contention::CLIENTS),
            figures.isolates.to_string(),
            units::rate(figures.load.rate),
            units::rate(figures.serial.rate),
            units::percent(figures.share),
            units::percentiles(&figures.load.latency),
        ]);
    }
    Some(format!(
        "## Contention

Clients that all want the same worker of a pool that may have so many isolates of it, on the process's shared turn
threads. *Serial*: one client that sends the same requests one after another to a pool of one isolate, in turns with
the contended run. *Tasks* are of one runtime; *threads* are of the operating system, each with a runtime of its own.

{}
{}
",
        table.markdown(),
        place_of("contention")
    ))
}

fn memory(results: &Results) -> Option<String> {
    let with = results.memory?;
    let mut table = Table::new([
        "each of many",
        "resident, with snapshot",
        "resident, without",
        "heap, with snapshot",
        "heap, without",
    ]);
    let without = results.memory_without;
    let mut row = |name: &str, weight: fn(&MemoryFigures) -> Weight| {
        let other = |pick: fn(&Weight) -> f64| {
            without.as_ref().map_or("–".to_owned(), |without| units::bytes(pick(&weight(without))))
        };
        table.row([
            name.to_owned(),
            units::bytes(weight(&with).resident),
            other(|weight| weight.resident),
            units::bytes(weight(&with).heap),
            other(|weight| weight.heap),
        ]);
    };
    row("an isolate without context", |figures| figures.isolate);
    row("an isolate with one context and a worker", |figures| figures.isolate_with_worker);
    row("a further context with a worker in it", |figures| figures.further_context);
    let mut process = Table::new(["the process's resident set", "with snapshot", "without"]);
    let other = |pick: fn(&MemoryFigures) -> f64| {
        without.as_ref().map_or("–".to_owned(), |without| units::bytes(pick(without)))
    };
    process.row(["before".to_owned(), units::bytes(with.process), other(|figures| figures.process)]);
    process.row([
        "after all isolates were disposed of".to_owned(),
        units::bytes(with.process_after),
        other(|figures| figures.process_after),
    ]);
    Some(format!(
        "## Memory

{} of each are made in a process of their own, and what that adds is divided by their number. *Resident* is what the
process's resident set grew by; *heap* what V8 says that live and dead objects fill.

{}
{}

{}",
        with.count,
        table.markdown(),
        place_of("memory"),
        process.markdown()
    ))
}
