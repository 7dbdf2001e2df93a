//! scratch
use runtime_core::{Isolate, RuntimeLimits, V8, V8Config};
use std::time::Instant;
fn show(n: &str, mut v: Vec<f64>) {
    v.sort_by(f64::total_cmp);
    println!(
        "{n}: min {:.0} p10 {:.0} p25 {:.0} p50 {:.0}",
        v[0],
        v[v.len() / 10],
        v[v.len() / 4],
        v[v.len() / 2]
    );
}
static NOTHING: std::sync::LazyLock<runtime_core::Extension> = std::sync::LazyLock::new(|| {
    runtime_core::Extension {
        name: "nothing",
        sources: vec![runtime_core::Source {
            name: "nothing.js",
            code: "(function (native, internals) { const f = () => {}; internals.entry = { setModule: f, begin: f, fireTimer: f, rejection: f, reportException: f, makeDOMException: f, reset: f, lateGlobal: f, unitGlobal: f, builtinModule: f }; })",
        }],
        units: Vec::new(),
        natives: Vec::new(),
        modules: &[],
        late_globals: &[],
        rehearsal: None,
    }
});
static PLAIN: std::sync::LazyLock<runtime_core::Extension> = std::sync::LazyLock::new(|| {
    let e = runtime_web::extension();
    runtime_core::Extension {
        name: e.name,
        sources: e.sources.clone(),
        units: e
            .units
            .iter()
            .map(|u| runtime_core::Unit {
                name: u.name,
                globals: u.globals,
                members: u.members,
                sources: u.sources.clone(),
            })
            .collect(),
        natives: e.natives.clone(),
        modules: e.modules,
        late_globals: e.late_globals,
        rehearsal: None,
    }
});
static NOUNITS: std::sync::LazyLock<runtime_core::Extension> = std::sync::LazyLock::new(|| {
    let e = runtime_web::extension();
    runtime_core::Extension {
        name: e.name,
        sources: e.sources.clone(),
        units: vec![],
        natives: e.natives.clone(),
        modules: e.modules,
        late_globals: e.late_globals,
        rehearsal: None,
    }
});
static PREFIX: std::sync::LazyLock<runtime_core::Extension> = std::sync::LazyLock::new(|| {
    let e = runtime_web::extension();
    let n: usize = std::env::var("N").unwrap().parse().unwrap();
    let mut sources = e.sources[..n].to_vec();
    eprintln!("{}", sources.last().map_or("", |s| s.name));
    sources.push(runtime_core::Source { name: "keep.js", code: "(function (native, internals) { const f = () => native; internals.entry = { internals, setModule: f, begin: f, fireTimer: f, rejection: f, reportException: f, makeDOMException: f, reset: f, lateGlobal: f, unitGlobal: f, builtinModule: f }; })" });
    runtime_core::Extension {
        name: e.name,
        sources,
        units: vec![],
        natives: e.natives.clone(),
        modules: e.modules,
        late_globals: e.late_globals,
        rehearsal: None,
    }
});
fn main() {
    let which = std::env::args().nth(1).unwrap_or_default();
    V8::init(
        V8Config {
            standby_isolates: 0,
            flags: std::env::var("VF").map(|f| vec![f]).unwrap_or_default(),
            ..V8Config::default()
        },
        move || match which.as_str() {
            "nothing" => &NOTHING,
            "prefix" => &PREFIX,
            "plain" => &PLAIN,
            "nounits" => &NOUNITS,
            _ => runtime_web::extension(),
        },
    )
    .unwrap();
    let l = RuntimeLimits::default();
    let mut iso = vec![];
    let mut ctx = vec![];
    let mut first = vec![];
    for _ in 0..40 {
        let t = Instant::now();
        let isolate = Isolate::new(&l).unwrap();
        iso.push(t.elapsed().as_secs_f64() * 1e6);
        let mut token = isolate.lock();
        for i in 0..40 {
            let t = Instant::now();
            {
                v8::scope!(let scope, &mut *token);
                std::hint::black_box(v8::Context::new(scope, v8::ContextOptions::default()));
            }
            let e = t.elapsed().as_secs_f64() * 1e6;
            if i == 0 { first.push(e) } else { ctx.push(e) }
        }
    }
    show("isolate", iso);
    show("first context", first);
    show("context", ctx);
}
