//! What a context costs that has nothing of the platform in it, but is made from a snapshot all the same: what the
//! platform adds to a context is measured against it. It needs a process of its own, because a process has one snapshot.

use std::hint::black_box;
use std::sync::LazyLock;

use anyhow::Result;
use benches::samples::Percentiles;
use runtime_core::{Extension, Isolate, Source, V8, V8Config};

use super::primitives::Timer;
use crate::contestants::limits;
use crate::plan::Plan;
use crate::progress::Steps;

/// No platform, but the functions that the core wants to find.
static NOTHING: LazyLock<Extension> = LazyLock::new(|| Extension {
    name: "nothing",
    sources: vec![Source {
        name: "nothing.js",
        code: "(function (native, internals) { const f = () => {}; internals.entry = { setModule: f, begin: f, fireTimer: f, rejection: f, \
               reportException: f, makeDOMException: f, reset: f, lateGlobal: f, unitGlobal: f, builtinModule: f, \
               describeException: f, setLocation: f }; })",
    }],
    units: Vec::new(),
    natives: Vec::new(),
    modules: &[],
    late_globals: &[],
    rehearsal: None,
});

/// V8's part of making such a context.
pub(crate) fn measure(plan: &Plan, steps: &mut Steps) -> Result<Percentiles> {
    V8::init(V8Config { standby_isolates: 0, ..V8Config::default() }, || &NOTHING)?;
    steps.expect(plan.repetitions);
    let mut repetitions = Vec::new();
    for _ in 0..plan.repetitions {
        let isolate = Isolate::new(&limits())?;
        let mut token = isolate.lock();
        let mut timer = Timer::new(plan.primitive_samples, plan.primitive_time);
        while timer.goes_on() {
            timer.time(|| {
                v8::scope!(let scope, &mut *token);
                black_box(v8::Context::new(scope, v8::ContextOptions::default()));
            });
        }
        repetitions.push(Percentiles::of(timer.samples));
        steps.step();
    }
    Ok(Percentiles::median_of(&repetitions))
}
