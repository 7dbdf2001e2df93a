//! The tables of the guides are true: every field of every configuration is in its page with its default, and every
//! outcome with its status. The code blocks of the guides are checked elsewhere, by `cargo xtask tidy`.

use std::collections::BTreeMap;
use std::path::Path;

use runtime_core::{Outcome, RuntimeLimits, ScriptFault, ShedReason, V8Config};
use serde::Serialize;
use serde_json::Value;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first two cells of the rows whose first cell is `code`, in the table under this header.
fn rows(page: &str, header: &str) -> BTreeMap<String, String> {
    let lines =
        page.lines().skip_while(|line| !line.starts_with(header)).take_while(|line| line.starts_with('|'));
    let rows = lines.filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), cells.next()?.to_owned()))
    });
    rows.collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn defaults(config: &impl Serialize) -> BTreeMap<String, String> {
    let value = serde_json::to_value(config).expect("configurations are plain values");
    let fields = value.as_object().expect("configurations have fields");
    fields.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
}

#[test]
fn the_table_of_limits_has_every_limit_with_its_default() {
    let rows = rows(&page("limits-and-outcomes.md"), "| field | default | unit | when");
    assert_eq!(rows, defaults(&RuntimeLimits::default()));
}

#[test]
fn the_table_of_the_process_has_every_field_with_its_default() {
    // Taken apart, so that a new field does not compile until it is listed.
    let V8Config {
        flags,
        background_threads,
        stack_kib,
        wasm_max_pages,
        snapshot: _,
        standby_isolates,
        grace,
        memory_max_mb,
        lost_threads_budget,
    } = V8Config::default();
    assert!(flags.is_empty());
    let expected = [
        ("flags", "none".to_owned()),
        ("background_threads", background_threads.to_string()),
        ("stack_kib", stack_kib.to_string()),
        ("wasm_max_pages", wasm_max_pages.to_string()),
        ("snapshot", "built in process".to_owned()),
        ("standby_isolates", standby_isolates.to_string()),
        ("grace", grace.as_millis().to_string()),
        ("memory_max_mb", memory_max_mb.to_string()),
        ("lost_threads_budget", lost_threads_budget.to_string()),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(
        rows(&page("limits-and-outcomes.md"), "| field | default | unit | what"),
        BTreeMap::from(expected)
    );
}

#[cfg(all(feature = "worker", feature = "pool", feature = "pinned", feature = "shared"))]
#[test]
fn the_page_of_each_mode_has_every_field_with_its_default() {
    let header = "| field | default | meaning";
    assert_eq!(rows(&page("modes/worker.md"), header), defaults(&mode_worker::WorkerConfig::default()));
    assert_eq!(rows(&page("modes/pinned.md"), header), defaults(&mode_pinned::PinnedPoolConfig::default()));
    assert_eq!(rows(&page("modes/shared.md"), header), defaults(&mode_shared::SharedConfig::default()));
    let mut pool = defaults(&mode_pool::PoolConfig::default());
    let processors = std::thread::available_parallelism().map_or(2, |count| count.get()).to_string();
    let per_worker = pool.insert("max_isolates_per_worker".to_owned(), "processors".to_owned());
    assert_eq!(per_worker, Some(processors));
    assert_eq!(rows(&page("modes/pool.md"), header), pool);
}

#[test]
fn the_table_of_outcomes_has_every_outcome_with_its_status() {
    let outcomes = [
        ("Ok", Outcome::Ok),
        ("Exception", Outcome::Exception),
        ("ScriptError(Compile)", Outcome::ScriptError(ScriptFault::Compile)),
        ("ScriptError(NoHandler)", Outcome::ScriptError(ScriptFault::NoHandler)),
        ("ExceededCpu", Outcome::ExceededCpu),
        ("ExceededWallTime", Outcome::ExceededWallTime),
        ("ExceededMemory", Outcome::ExceededMemory),
        ("LoadShed(QueueFull)", Outcome::LoadShed(ShedReason::QueueFull)),
        ("LoadShed(QueueTimeout)", Outcome::LoadShed(ShedReason::QueueTimeout)),
        ("LoadShed(Draining)", Outcome::LoadShed(ShedReason::Draining)),
        ("LoadShed(Memory)", Outcome::LoadShed(ShedReason::Memory)),
        ("Canceled", Outcome::Canceled),
        ("HostError", Outcome::HostError),
        ("Internal", Outcome::internal()),
    ];
    let sheds = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::LoadShed(_))).count();
    assert_eq!(sheds, ShedReason::ALL.len(), "every reason to shed is listed");
    let expected = outcomes.map(|(name, outcome)| {
        assert!(name.starts_with(outcome.name()), "{name} is not the name of {outcome}");
        let status =
            if outcome == Outcome::Ok { "the guest's".to_owned() } else { outcome.http_status().to_string() };
        (name.to_owned(), status)
    });
    assert_eq!(rows(&page("limits-and-outcomes.md"), "| outcome | HTTP status"), BTreeMap::from(expected));
}

/// What the pages say of thread safety, for the compiler to check.
#[cfg(all(feature = "worker", feature = "pool", feature = "pinned", feature = "shared"))]
#[test]
fn what_the_pages_call_send_and_sync_is() {
    fn is_send<T: Send>() {}
    fn is_send_and_sync<T: Send + Sync>() {}
    fn gives_send<A: 'static, F: Future + Send>(_: impl Fn(&'static A, runtime_web::Call) -> F) {}
    is_send::<mode_worker::Worker>();
    is_send::<mode_shared::SharedIsolate>();
    is_send::<mode_shared::ExecutionContext>();
    is_send_and_sync::<mode_worker::WorkerMode>();
    is_send_and_sync::<mode_pool::Pool>();
    is_send_and_sync::<mode_pinned::PinnedPool>();
    is_send_and_sync::<mode_shared::SharedMode>();
    is_send_and_sync::<crate::Runtime>();
    gives_send(mode_worker::WorkerMode::execute);
    gives_send(mode_pool::Pool::execute);
    gives_send(mode_pinned::PinnedPool::execute);
    gives_send(mode_shared::SharedMode::execute);
    gives_send(crate::Runtime::execute);
}
