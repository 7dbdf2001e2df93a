//! What is made ahead of requests: isolates that stand by, and contexts of idle isolates. The tests run one at a time,
//! since they look at counters of the whole process.
#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use runtime_facade::{
    AheadStats, Call, Capacity, Collected, ContextPolicy, Event, LogRecord, Mode, ModeName, Ops, Runtime,
    RuntimeLimits, Start, ahead_stats,
};

const COUNTER: &str = "let n = 0; export default { fetch() { n += 1; return new Response(String(n)) } }";

/// One test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Ops for Log {
    fn log(&self, record: LogRecord) {
        self.0.lock().expect("no panic under it").push(record.message);
    }
}

fn run(test: impl AsyncFnOnce()) {
    let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    executor.expect("an executor").block_on(test());
}

fn runtime(name: ModeName, context: ContextPolicy) -> Runtime {
    let capacity = Capacity { threads: Some(1), context: Some(context), ..Capacity::default() };
    let mode = Mode::named(name, &capacity).expect("it is available");
    Runtime::builder().mode(mode).build().expect("it can be built")
}

async fn ask(runtime: &Runtime, script: &str) -> Collected {
    ask_with(runtime, script, Arc::new(Log::default())).await
}

async fn ask_with(runtime: &Runtime, script: &str, ops: Arc<dyn Ops>) -> Collected {
    let call = Call::new(script, Event::get("http://localhost/")).ops(ops);
    let execution = runtime.execute(call).await.expect("it is served");
    execution.collect().await.expect("its body ends")
}

async fn until(what: &str, mut condition: impl FnMut(AheadStats) -> bool) {
    let held = async {
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while !condition(ahead_stats()) {
            tick.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), held).await;
    assert!(waited.is_ok(), "{what}: not within 30 s; {:?}", ahead_stats());
}

#[test]
fn a_request_finds_its_context_evaluated_and_its_module_state_fresh() {
    let _alone = alone();
    run(async || {
        for name in [ModeName::Pool, ModeName::Pinned] {
            let runtime = runtime(name, ContextPolicy::Fresh);
            for number in 0..5 {
                let made = ahead_stats().top_levels_made;
                let answer = ask(&runtime, COUNTER).await;
                assert_eq!(answer.text(), "1", "{name}");
                if number > 0 {
                    assert_eq!(answer.report.start, Start::Prepared, "{name}");
                    assert_eq!(answer.report.phases.evaluate, Duration::ZERO, "{name}");
                }
                until("the next top level is evaluated", |stats| stats.top_levels_made > made).await;
            }
            assert!(ahead_stats().top_levels_used >= 4);
        }
    });
}

#[test]
fn shared_isolates_prepare_a_context_for_any_script() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Shared, ContextPolicy::Fresh);
        let before = ahead_stats();
        for number in 0..4 {
            let made = ahead_stats().contexts_made;
            assert_eq!(ask(&runtime, &format!("{COUNTER} // {number}")).await.text(), "1");
            // The stock was filled before, or is filled now: the rest are the idle isolate's.
            until("the next context is made", |stats| {
                stats.contexts_made > made && stats.standby_isolates >= 2
            })
            .await;
        }
        assert_eq!(ahead_stats().top_levels_made, before.top_levels_made);
        assert!(ahead_stats().contexts_used >= before.contexts_used + 2, "{:?}", ahead_stats());
    });
}

#[test]
fn a_context_under_the_reuse_policy_is_prepared_when_the_old_one_is_used_up() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Reuse { max_uses: 2 });
        let made = ahead_stats().top_levels_made;
        let mut texts = Vec::new();
        for _ in 0..2 {
            texts.push(ask(&runtime, COUNTER).await.text());
        }
        until("the next top level is evaluated", |stats| stats.top_levels_made > made).await;
        let third = ask(&runtime, COUNTER).await;
        assert_eq!(third.report.start, Start::Prepared);
        assert_eq!(third.report.phases.evaluate, Duration::ZERO);
        texts.push(third.text());
        assert_eq!(texts, ["1", "2", "1"]);
    });
}

#[test]
fn a_top_level_that_logs_is_evaluated_with_its_request_and_logs_once() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let script = format!("console.log('top level'); {COUNTER}");
        let log = Arc::new(Log::default());
        let failed = ahead_stats().top_levels_failed;
        for _ in 0..3 {
            assert_eq!(ask_with(&runtime, &script, log.clone()).await.text(), "1");
            until("it was tried ahead", |stats| stats.top_levels_failed > failed).await;
        }
        assert_eq!(log.0.lock().expect("no panic under it").len(), 3, "one record a request");
        assert_eq!(ahead_stats().top_levels_failed, failed + 1, "it is tried once");
    });
}

#[test]
fn a_top_level_that_fails_ahead_is_not_evaluated_ahead_for_ever() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let moody = "if (Math.random() < 0.5) throw new Error('not now'); \
             export default { fetch() { return new Response('served') } }";
        let ask_moody = async || {
            let call = Call::new(moody, Event::get("http://localhost/"));
            runtime.execute(call).await.is_ok()
        };
        let before = ahead_stats();
        let many_failures = async {
            while ahead_stats().top_levels_failed < before.top_levels_failed + 3 {
                ask_moody().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), many_failures).await.expect("it fails three times");
        let tried = ahead_stats();
        let mut served = 0;
        while served < 5 {
            let made = ahead_stats().contexts_made;
            if ask_moody().await {
                served += 1;
                until("a context is made", |stats| stats.contexts_made > made).await;
            }
        }
        let now = ahead_stats();
        assert_eq!(
            (now.top_levels_made, now.top_levels_failed),
            (tried.top_levels_made, tried.top_levels_failed)
        );
        let throws = "throw new Error('no')";
        let failed = ahead_stats().top_levels_failed;
        for _ in 0..5 {
            let call = Call::new(throws, Event::get("http://localhost/"));
            assert!(runtime.execute(call).await.is_err());
        }
        assert_eq!(ahead_stats().top_levels_failed, failed, "what fails with a request is not tried ahead");
    });
}

#[test]
fn what_was_evaluated_under_other_limits_is_not_used() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let script = "let made = 'no'; try { made = eval('\"yes\"') } catch {} \
             export default { fetch() { return new Response(made) } }";
        for (allow_eval, expected) in [(true, "yes"), (false, "no"), (true, "yes"), (false, "no")] {
            let made = ahead_stats().top_levels_made;
            let limits = RuntimeLimits { allow_eval, ..RuntimeLimits::default() };
            let call = Call::new(script, Event::get("http://localhost/")).limits(limits);
            let answer = runtime.execute(call).await.expect("it is served").collect().await.expect("a body");
            assert_eq!(answer.text(), expected);
            until("the next top level is evaluated", |stats| stats.top_levels_made > made).await;
        }
    });
}

#[test]
fn a_new_isolate_is_handed_over_when_one_stands_by() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Worker, ContextPolicy::Fresh);
        // Each request asks for the next one's isolate to stand by.
        let handed_over = async {
            let mut handed_over = 0;
            while handed_over < 3 {
                let answer = ask(&runtime, COUNTER).await;
                assert_eq!(answer.text(), "1");
                handed_over += u32::from(answer.report.start == Start::Prepared);
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), handed_over).await;
        assert!(waited.is_ok(), "{:?}", ahead_stats());
    });
}

#[test]
fn isolates_stand_by_only_for_the_heap_limits_that_were_asked_for_last() {
    let _alone = alone();
    run(async || {
        let runtime = runtime(ModeName::Worker, ContextPolicy::Fresh);
        for heap_max_mb in 20..40 {
            let limits = RuntimeLimits { heap_max_mb, ..RuntimeLimits::default() };
            let call = Call::new(COUNTER, Event::get("http://localhost/")).limits(limits);
            runtime.execute(call).await.expect("it is served").collect().await.expect("a body");
        }
        // Four heap limits, two isolates for each.
        until("all stand by", |stats| stats.standby_isolates == 8).await;
        until("the others are gone", |_| runtime.stats().process.isolates == 8).await;
    });
}

#[test]
fn a_runtime_that_is_shut_down_leaves_no_idle_work_behind() {
    let _alone = alone();
    run(async || {
        let slow = "let n = 0; for (let i = 0; i < 2e8; i++) n += i; \
             export default { fetch() { return new Response(String(n)) } }";
        let limits =
            RuntimeLimits { startup_cpu_ms: 0, cpu_ms: 0, heap_max_mb: 77, ..RuntimeLimits::default() };
        let capacity = Capacity { threads: Some(1), ..Capacity::default() };
        let mode = Mode::named(ModeName::Pool, &capacity).expect("it is available");
        let runtime = Runtime::builder().mode(mode).limits(limits).build().expect("it can be built");
        let before = ahead_stats();
        ask(&runtime, slow).await;
        assert!(runtime.shutdown(Duration::from_secs(30)).await);
        drop(runtime);
        until("only what stands by is left", |stats| {
            runtime_facade::process_memory().isolates == stats.standby_isolates
        })
        .await;
        assert_eq!(ahead_stats().top_levels_made, before.top_levels_made);
    });
}
