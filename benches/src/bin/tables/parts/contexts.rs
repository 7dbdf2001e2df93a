//! V8's part of making a context from a snapshot, with the platform in it and with nothing: what the platform adds to a
//! context is measured against the latter. Each has a process of its own, because a process has one snapshot; these take
//! turns.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

use anyhow::Result;
use benches::samples::nanos;
use runtime_core::{Extension, Isolate, Source, V8, V8Config};

use super::Snapshot;
use crate::child;
use crate::contestants::limits;
use crate::plan::Plan;

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

/// Measures contexts with the platform from this snapshot, or without it, some in each turn.
pub(crate) fn measure(platform: Option<&Snapshot>, plan: &Plan) -> Result<()> {
    match platform {
        Some(snapshot) => snapshot.init()?,
        None => {
            V8::init(V8Config { standby_isolates: 0, ..V8Config::default() }, || &NOTHING)?;
        }
    }
    let isolate = Isolate::new(&limits())?;
    let mut token = isolate.lock();
    child::take_turns(|| {
        let samples = (0..plan.contexts_a_turn).map(|_| {
            let started = Instant::now();
            {
                v8::scope!(let scope, &mut *token);
                black_box(v8::Context::new(scope, v8::ContextOptions::default()));
            }
            nanos(started.elapsed())
        });
        samples.collect()
    })
}
