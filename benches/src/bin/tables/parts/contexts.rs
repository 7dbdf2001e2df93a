//! V8's part of making a context from a snapshot, with the platform in it and with nothing: what the platform adds to a
//! context is measured against the latter. Each has processes of its own, because a process has one snapshot.

use std::hint::black_box;
use std::sync::LazyLock;

use anyhow::Result;
use benches::samples::Percentiles;
use runtime_core::{Extension, Isolate, Source, V8, V8Config};

use super::Snapshot;
use super::primitives::Timer;
use crate::contestants::limits;
use crate::plan::Plan;
use crate::progress::Steps;

/// No platform, but the function that the core wants to find.
static NOTHING: LazyLock<Extension> = LazyLock::new(|| Extension {
    name: "nothing",
    sources: vec![Source {
        name: "nothing.js",
        code: "(function (native, internals) { internals.entry = () => {}; })",
    }],
    units: Vec::new(),
    natives: Vec::new(),
    modules: &[],
    late_globals: &[],
    rehearsal: None,
});

/// Measures contexts with the platform from this snapshot, or without it, once.
pub(crate) fn measure(platform: Option<&Snapshot>, plan: &Plan, steps: &mut Steps) -> Result<Percentiles> {
    match platform {
        Some(snapshot) => snapshot.init()?,
        None => {
            V8::init(V8Config { standby_isolates: 0, ..V8Config::default() }, || &NOTHING)?;
        }
    }
    steps.expect(1);
    let isolate = Isolate::new(&limits())?;
    let mut token = isolate.lock();
    let mut timer = Timer::new(plan.primitive_samples, plan.primitive_time);
    while timer.goes_on() {
        timer.time(|| {
            v8::scope!(let scope, &mut *token);
            black_box(v8::Context::new(scope, v8::ContextOptions::default()));
        });
    }
    steps.step();
    Ok(Percentiles::of(timer.samples))
}
