//! Isolates, their lock, turns, contexts and compilation.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use benches::guests::Guest;
use criterion::Criterion;
use mode_pool::{Pool, PoolConfig};
use runtime_core::{Isolate, LockToken, TurnThreads};
use runtime_facade::{ContextPolicy, Mode, Runtime};
use v8::script_compiler::{CompileOptions, NoCacheReason, Source};

use crate::support::{client, limits};

pub(crate) fn benches(criterion: &mut Criterion) {
    locks(criterion);
    turns(criterion);
    contexts(criterion);
    compilation(criterion);
}

fn locks(criterion: &mut Criterion) {
    let client = client();
    let mut group = criterion.benchmark_group("lock");
    let isolate = Isolate::new(&limits()).expect("V8 is initialised");
    group.bench_function("lock-unlock", |bencher| bencher.iter(|| drop(black_box(isolate.lock()))));
    let pool = Pool::new(PoolConfig::default(), limits()).expect("the default bounds let somebody in");
    group.bench_function("pool-acquire-lock-unlock-release", |bencher| {
        bencher.iter(|| {
            client.block_on(async {
                let acquired = pool.acquire("worker").await.expect("there is room for one");
                acquired.locked(|token| black_box(token.is_execution_terminating())).await
            })
        });
    });
    group.finish();
}

fn turns(criterion: &mut Criterion) {
    let client = client();
    let mut group = criterion.benchmark_group("turn");
    for size in [1, 4] {
        let threads = TurnThreads::start("bench-turn", size).expect("the system gives threads");
        let isolate = client.block_on(threads.make_isolate(&Arc::new(limits()))).expect("V8 is initialised");
        group.bench_function(format!("empty-among-{size}-threads"), |bencher| {
            bencher.iter(|| client.block_on(threads.run(&isolate, |_token| ())).expect("an empty turn ends"));
        });
    }
    let inline = TurnThreads::inline_for_trusted_guests();
    let isolate = Isolate::new(&limits()).expect("V8 is initialised");
    group.bench_function("empty-inline", |bencher| {
        bencher.iter(|| client.block_on(inline.run(&isolate, |_token| ())).expect("an empty turn ends"));
    });
    group.finish();
}

fn contexts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("context");
    let isolate = Isolate::new(&limits()).expect("V8 is initialised");
    group.bench_function("from-snapshot", |bencher| {
        let mut token = isolate.lock();
        bencher.iter(|| {
            v8::scope!(let scope, &mut *token);
            black_box(v8::Context::new(scope, v8::ContextOptions::default()));
        });
    });
    // The context as a request gets it: with its microtask queue and its entry points.
    group.bench_function("of-a-request", |bencher| {
        bencher.iter_custom(|rounds| of_requests(rounds, |phases| phases.context));
    });
    group.finish();
    let mut group = criterion.benchmark_group("isolate");
    group.bench_function("make", |bencher| {
        bencher.iter_with_large_drop(|| Isolate::new(&limits()).expect("V8 is initialised"));
    });
    group.finish();
}

/// One phase of so many requests, each in a fresh context of one isolate.
fn of_requests(rounds: u64, phase: impl Fn(&runtime_core::Phases) -> Duration) -> Duration {
    let config = PoolConfig { threads: 1, context: ContextPolicy::Fresh, ..PoolConfig::default() };
    let runtime = Runtime::builder().mode(Mode::Pool(config)).limits(limits()).build();
    let runtime = runtime.expect("the default bounds let somebody in");
    let guest = Guest::hello();
    client().block_on(async {
        let mut sum = Duration::ZERO;
        for round in 0..=rounds {
            let execution = runtime.execute(guest.call()).await.expect("the guest answers");
            let answer = execution.collect().await.expect("the request ends well");
            guest.check(&answer).expect("the answer is right");
            // The first makes the isolate, too.
            if round > 0 {
                sum += phase(&answer.report.phases);
            }
        }
        sum
    })
}

fn compilation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for functions in [10, 1_000] {
        let source: String = (0..functions)
            .map(|number| {
                format!("function f{number}(a, b) {{ const s = [a, b, {number}]; return s.map((x) => x * {number}); }}\n")
            })
            .collect();
        let size = source.len() / 1024;
        let isolate = Isolate::new(&limits()).expect("V8 is initialised");
        let mut token = isolate.lock();
        let cache = code_cache(&mut token, &source);
        group.bench_function(format!("{size}-KiB-from-source"), |bencher| {
            bencher.iter_custom(|rounds| compile(&mut token, &source, None, rounds));
        });
        group.bench_function(format!("{size}-KiB-from-code-cache"), |bencher| {
            bencher.iter_custom(|rounds| compile(&mut token, &source, Some(&cache), rounds));
        });
    }
    group.finish();
}

fn code_cache(token: &mut LockToken<'_>, source: &str) -> Vec<u8> {
    v8::scope!(let scope, &mut **token);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let text = v8::String::new(scope, &numbered(source)).expect("the source is short");
    let script = v8::Script::compile(scope, text, None).expect("the source compiles");
    script.run(scope).expect("the source runs");
    let cache = script.get_unbound_script(scope).create_code_cache().expect("a compiled script has a cache");
    cache.to_vec()
}

/// The text with a first line of its own, since V8 finds a text that it has compiled before. All are equally long:
/// that is what V8 checks a code cache against.
fn numbered(source: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("// {:020}\n{source}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Compiles so often, and adds the times up.
fn compile(token: &mut LockToken<'_>, source: &str, cache: Option<&[u8]>, rounds: u64) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..rounds {
        let source = numbered(source);
        v8::scope!(let scope, &mut **token);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        let text = v8::String::new(scope, &source).expect("the source is short");
        let started = Instant::now();
        let compiled = match cache {
            Some(cache) => {
                let cache = v8::script_compiler::CachedData::new(cache);
                let mut source = Source::new_with_cached_data(text, None, cache);
                let options = CompileOptions::ConsumeCodeCache;
                let compiled =
                    v8::script_compiler::compile(scope, &mut source, options, NoCacheReason::NoReason);
                assert!(source.get_cached_data().is_some_and(|cache| !cache.rejected()), "the cache fits");
                compiled
            }
            None => {
                let mut source = Source::new(text, None);
                let options = CompileOptions::NoCompileOptions;
                v8::script_compiler::compile(scope, &mut source, options, NoCacheReason::NoReason)
            }
        };
        sum += started.elapsed();
        black_box(compiled.expect("the source compiles"));
    }
    sum
}
