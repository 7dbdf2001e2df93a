//! What is made ahead of requests: isolates that stand by, and contexts of idle isolates. Each test runs in a child
//! process, since it looks at counters of the whole process, and since idle work waits for a machine that has time.

use runtime_facade::{AheadStats, ContextPolicy, MadeAhead, Mode, ModeName, Start, V8Config, ahead_stats};

use crate::support::child;
use crate::support::*;

const COUNTER: &str = "let n = 0; export default { fetch() { n += 1; return new Response(String(n)) } }";

/// How long a child may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Makes a test of each body, which runs in a process of its own.
macro_rules! alone {
    ($($(#[$attribute:meta])* async fn $name:ident() $body:block)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                let executor = executor();
                let ended = executor.block_on(child::run("prepared", stringify!($name), LIMIT));
                assert!(ended.is_success && ended.said == ["passed"], "{ended:#?}");
            }
        )*

        pub(crate) fn child(name: &str) {
            executor().block_on(async {
                match name {
                    $(stringify!($name) => $body)*
                    other => panic!("no test is named {other:?}"),
                }
            });
            child::say("passed");
        }
    };
}

fn executor() -> tokio::runtime::Runtime {
    let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    executor.expect("tokio gets its threads")
}

fn runtime(name: ModeName, context: ContextPolicy) -> Runtime {
    runtime_with(name, |capacity| capacity.context = Some(context), V8Config::default())
}

fn runtime_with(name: ModeName, change: impl FnOnce(&mut Capacity), v8: V8Config) -> Runtime {
    let mut capacity = Capacity { threads: Some(1), ..Capacity::default() };
    change(&mut capacity);
    let mode = Mode::named(name, &capacity).expect("it is available");
    Runtime::builder().mode(mode).limits(ample_limits()).v8(v8).build().expect("it can be built")
}

fn call(script: &str) -> Call {
    Call::new(script, Event::get("http://localhost/"))
}

async fn ask(runtime: &Runtime, script: &str) -> Collected {
    answer(runtime, call(script)).await.unwrap_or_else(|failure| panic!("{script}: {failure}"))
}

async fn until(what: &str, mut condition: impl FnMut(AheadStats) -> bool) {
    crate::support::until(what, || condition(ahead_stats())).await;
}

/// How many evaluations have come to their end, whichever.
fn tried(stats: AheadStats) -> u64 {
    stats.top_levels_made + stats.top_levels_failed + stats.top_levels_given_up
}

/// Asks until a request has found this much. Every answer has this text.
async fn ask_until(runtime: &Runtime, script: &str, wanted: MadeAhead, text: &str) -> Collected {
    within("a request finds it made", async {
        loop {
            let before = ahead_stats();
            let answer = ask(runtime, script).await;
            assert_eq!(answer.text(), text);
            if answer.report.made_ahead == wanted {
                return answer;
            }
            until("something is made", |now| {
                tried(now) > tried(before)
                    || (wanted == MadeAhead::Context && now.contexts_made > before.contexts_made)
            })
            .await;
        }
    })
    .await
}

/// The process has this one isolate: what is counted was made in it.
async fn a_context_is_made_while_a_request_waits(name: ModeName) {
    let script =
        handler("if (request.url.endsWith('/wait')) await env.GATE.pass(); return new Response('done')");
    let (host, gate) = Host::new().with_gate();
    let mut capacity = Capacity { threads: Some(1), max_isolates: Some(1), ..Capacity::default() };
    capacity.context = Some(ContextPolicy::Fresh);
    let mode = Mode::named(name, &capacity).expect("it is available");
    let runtime = Runtime::builder()
        .mode(mode)
        .limits(ample_limits())
        .ops(Arc::new(host))
        .build()
        .expect("it can be built");
    let waits = Call::new(&*script, Event::get("http://localhost/wait"));
    let waiting = tokio::spawn({
        let runtime = runtime.clone();
        async move { answer(&runtime, waits).await.expect("it is served") }
    });
    until("a context is made", |stats| stats.contexts_made > 0).await;
    assert_eq!(gate.alive(), 1);
    assert_eq!(ask(&runtime, &script).await.report.made_ahead, MadeAhead::Context);
    gate.allow(1);
    assert_eq!(waiting.await.expect("no panic").text(), "done");
}

alone! {
    async fn a_request_finds_its_context_evaluated_and_its_module_state_fresh() {
        for name in [ModeName::Pool, ModeName::Pinned] {
            let runtime = runtime(name, ContextPolicy::Fresh);
            for _ in 0..5 {
                let found = ask_until(&runtime, COUNTER, MadeAhead::TopLevel, "1").await;
                assert_eq!(found.report.start, Start::Prepared, "{name}");
                assert_eq!(found.report.phases.evaluate, Duration::ZERO, "{name}");
            }
        }
    }

    async fn what_is_evaluated_ahead_has_its_location() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let code = WorkerCode::from(
            "const here = location.href; export default { fetch() { return new Response(here) } }",
        );
        let code = code.located_at("https://shop.test/").expect("a location");
        within("a request finds its top level evaluated", async {
            loop {
                let before = ahead_stats();
                let found = answer(&runtime, Call::new(&code, Event::get("http://localhost/"))).await;
                let found = found.expect("an answer");
                assert_eq!(found.text(), "https://shop.test/");
                if found.report.made_ahead == MadeAhead::TopLevel {
                    break;
                }
                until("a top level is tried", |now| tried(now) > tried(before)).await;
            }
        })
        .await;
    }

    async fn a_pool_makes_a_context_while_a_request_waits_for_its_host() {
        a_context_is_made_while_a_request_waits(ModeName::Pool).await;
    }

    async fn a_shared_isolate_makes_a_context_while_a_request_waits_for_its_host() {
        a_context_is_made_while_a_request_waits(ModeName::Shared).await;
    }

    async fn what_was_made_ahead_is_charged_to_the_next_request() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let slow = "let n = 0; for (let i = 0; i < 3e6; i++) n += i % 7; \
             export default { fetch() { return new Response('done') } }";
        let found = ask_until(&runtime, slow, MadeAhead::TopLevel, "done").await.report;
        assert!(found.cpu_ahead > Duration::from_millis(1), "{found:?}");
        assert!(ahead_stats().cpu >= found.cpu_ahead, "{:?}", ahead_stats());
        // What is never used is charged as well, to whichever request the isolate serves next.
        let made = ahead_stats().top_levels_made;
        ask(&runtime, slow).await;
        until("the next is evaluated", |stats| stats.top_levels_made > made).await;
        let limits = RuntimeLimits { cpu_ms: 4_999, ..ample_limits() };
        let other = answer(&runtime, call(slow).limits(limits)).await.expect("it is served").report;
        assert_eq!(other.made_ahead, MadeAhead::Nothing);
        assert!(other.cpu_ahead > Duration::from_millis(1), "{other:?}");
    }

    async fn shared_isolates_prepare_a_context_for_any_script() {
        let runtime = runtime(ModeName::Shared, ContextPolicy::Fresh);
        for number in 0..4 {
            let script = format!("{COUNTER} // {number}");
            let made = ahead_stats().contexts_made;
            assert_eq!(ask(&runtime, &script).await.text(), "1");
            until("the next context is made", |stats| stats.contexts_made > made).await;
            let next = ask(&runtime, &format!("{script}, again")).await;
            assert_eq!((next.text(), next.report.made_ahead), ("1".to_owned(), MadeAhead::Context));
        }
        assert_eq!(tried(ahead_stats()), 0, "nothing of one owner's runs where another's may come");
    }

    async fn a_context_under_the_reuse_policy_is_prepared_when_the_old_one_is_used_up() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Reuse { max_uses: 2 });
        let mut found = Vec::new();
        for number in 0..6 {
            let before = tried(ahead_stats());
            let answer = ask(&runtime, COUNTER).await;
            found.push((answer.text(), answer.report.start == Start::Warm));
            if number % 2 == 1 {
                until("the next top level is tried", |stats| tried(stats) > before).await;
            }
        }
        let one = [("1".to_owned(), false), ("2".to_owned(), true)];
        assert_eq!(found, [&one[..], &one, &one].concat());
        assert!(ahead_stats().top_levels_used > 0, "{:?}", ahead_stats());
    }

    async fn a_top_level_that_asks_for_something_of_a_request_is_evaluated_with_it() {
        for (what, wants) in [
            ("a record for the log", "console.log('top level')"),
            ("a timer", "setTimeout(() => {}, 1)"),
            ("a clock", "globalThis.t = performance.now()"),
            ("a call", "fetch('http://localhost/').catch(() => {})"),
            ("a call that it waits for", "await fetch('http://localhost/').catch(() => {})"),
            ("a rejection that nobody handles", "Promise.reject(new Error('top level'))"),
        ] {
            let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
            let script = format!("{wants}; {COUNTER}");
            let before = ahead_stats();
            ask(&runtime, &script).await;
            until(what, |stats| stats.top_levels_failed > before.top_levels_failed).await;
            for _ in 0..3 {
                let made = ahead_stats().contexts_made;
                let answer = ask(&runtime, &script).await;
                assert_eq!(answer.text(), "1", "{what}");
                assert_ne!(answer.report.made_ahead, MadeAhead::TopLevel, "{what}");
                until("the next context is made", |stats| stats.contexts_made > made).await;
            }
            assert_eq!(tried(ahead_stats()), tried(before) + 1, "{what} is tried once");
        }
    }

    async fn a_top_level_that_logs_logs_once_a_request() {
        let host = Host::new();
        let runtime = runtime(ModeName::Pinned, ContextPolicy::Fresh);
        let script = format!("console.log('top level'); {COUNTER}");
        let failed = ahead_stats().top_levels_failed;
        for number in 1..4 {
            let ops: Arc<dyn runtime_facade::Ops> = Arc::new(host.clone());
            answer(&runtime, call(&script).ops(ops)).await.expect("it is served");
            until("it was tried ahead", |stats| stats.top_levels_failed > failed).await;
            assert_eq!(host.log_lines().len(), number, "{:?}", host.log_lines());
        }
    }

    async fn a_top_level_that_fails_ahead_is_not_evaluated_ahead_for_ever() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let moody = "if (Math.random() < 0.5) throw new Error('not now'); \
             export default { fetch() { return new Response('served') } }";
        within("it fails three times", async {
            while ahead_stats().top_levels_failed < 3 {
                let before = tried(ahead_stats());
                if answer(&runtime, call(moody)).await.is_ok() {
                    until("it is tried", |stats| tried(stats) > before).await;
                }
            }
        })
        .await;
        let tried_before = tried(ahead_stats());
        let mut served = 0;
        while served < 5 {
            let made = ahead_stats().contexts_made;
            if answer(&runtime, call(moody)).await.is_ok() {
                served += 1;
                until("a context is made", |stats| stats.contexts_made > made).await;
            }
        }
        assert_eq!(tried(ahead_stats()), tried_before, "a script that failed three times is left alone");
    }

    async fn a_top_level_that_failed_with_its_request_is_not_tried_ahead() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        for _ in 0..5 {
            let made = ahead_stats().contexts_made;
            assert!(answer(&runtime, call("throw new Error('no')")).await.is_err());
            until("a context is made", |stats| stats.contexts_made > made).await;
        }
        assert_eq!(tried(ahead_stats()), 0);
    }

    async fn what_was_evaluated_under_other_limits_is_not_used() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let script = "let made = 'no'; try { made = eval('\"yes\"') } catch {} \
             export default { fetch() { return new Response(made) } }";
        for (allow_eval, expected) in [(true, "yes"), (false, "no"), (true, "yes"), (false, "no")] {
            let before = tried(ahead_stats());
            let limits = RuntimeLimits { allow_eval, ..ample_limits() };
            let answer = answer(&runtime, call(script).limits(limits)).await.expect("it is served");
            assert_eq!(answer.text(), expected);
            until("the next top level is tried", |stats| tried(stats) > before).await;
        }
    }

    async fn what_was_evaluated_too_long_ago_is_not_used() {
        let config = runtime_facade::PoolConfig { prepared_max_age_ms: 1, ..Default::default() };
        let runtime = Runtime::builder().mode(Mode::Pool(config)).limits(ample_limits()).build().expect("it can be built");
        for _ in 0..3 {
            let before = tried(ahead_stats());
            assert_eq!(ask(&runtime, COUNTER).await.text(), "1");
            until("the next top level is tried", |stats| tried(stats) > before).await;
            let made = Instant::now();
            within("it is too old", async {
                while made.elapsed() <= Duration::from_millis(1) {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
        assert_eq!(ahead_stats().top_levels_used, 0);
    }

    async fn a_request_of_another_owner_does_not_wait_for_an_evaluation() {
        // One thread, two owners. A coin decides whether the top level ends: what matters is one that did with its
        // request, and does not ahead of the next.
        let runtime = runtime(ModeName::Pinned, ContextPolicy::Fresh);
        let limits = RuntimeLimits { startup_cpu_ms: 1_000, ..ample_limits() };
        within("an evaluation is given up", async {
            for number in 0.. {
                let coin = format!(
                    "if (Math.random() < 0.5) for (;;); // {number}
                    export default {{ fetch() {{ return new Response('fine') }} }}"
                );
                let before = ahead_stats();
                let slow = call(&coin).owner(&*format!("slow {number}")).limits(limits.clone());
                if answer(&runtime, slow).await.is_err() {
                    continue;
                }
                until("its evaluation has begun", |now| now.top_levels_begun > before.top_levels_begun).await;
                let other = answer(&runtime, call(COUNTER).owner("other")).await;
                assert_eq!(other.expect("it is served").text(), "1");
                let now = ahead_stats();
                // It had ended before the request came, or was told to.
                assert_ne!(tried(now), tried(before), "the request ran on the evaluation's thread");
                if now.top_levels_given_up > before.top_levels_given_up {
                    break;
                }
            }
        })
        .await;
    }

    async fn an_evaluation_that_does_not_end_is_ended_where_the_limits_have_no_bound() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let limits =
            RuntimeLimits { startup_cpu_ms: 0, cpu_ms: 0, wall_ms: 1_000, ..RuntimeLimits::default() };
        within("an evaluation that does not end is ended", async {
            for number in 0.. {
                let coin = format!(
                    "if (Math.random() < 0.5) for (;;); // {number}
                    export default {{ fetch() {{ return new Response('fine') }} }}"
                );
                let before = ahead_stats();
                if answer(&runtime, call(&coin).limits(limits.clone())).await.is_err() {
                    continue;
                }
                until("it has come to an end", |now| tried(now) > tried(before)).await;
                if ahead_stats().top_levels_made == before.top_levels_made {
                    break;
                }
            }
        })
        .await;
    }

    async fn a_new_isolate_is_handed_over_when_one_stands_by() {
        for name in [ModeName::Worker, ModeName::Pool, ModeName::Pinned, ModeName::Shared] {
            let runtime = runtime(name, ContextPolicy::Fresh);
            until("the stock is filled", |stats| stats.standby_isolates >= 2).await;
            let answer = ask(&runtime, COUNTER).await;
            assert_eq!(answer.text(), "1", "{name}");
            assert_eq!(answer.report.start, Start::Standby, "{name}");
            assert_eq!(answer.report.made_ahead, MadeAhead::Context, "{name}");
            assert!(answer.report.cpu_ahead > Duration::ZERO, "{name}");
        }
    }

    async fn isolates_stand_by_only_for_the_heap_limits_that_were_asked_for_last() {
        let runtime = runtime(ModeName::Worker, ContextPolicy::Fresh);
        for heap_max_mb in 20..40 {
            let limits = RuntimeLimits { heap_max_mb, ..ample_limits() };
            answer(&runtime, call(COUNTER).limits(limits)).await.expect("it is served");
        }
        // Four heap limits, two isolates for each.
        until("all stand by", |stats| stats.standby_isolates == 8).await;
        until("the others are gone", |_| runtime.stats().process.isolates == 8).await;
    }

    async fn an_isolate_of_other_heap_limits_is_not_handed_over() {
        let runtime = runtime(ModeName::Worker, ContextPolicy::Fresh);
        until("the stock is filled", |stats| stats.standby_isolates == 2).await;
        let bomb = "export default { fetch() { const all = []; for (;;) all.push({ a: all.length }) } }";
        let limits = RuntimeLimits { heap_max_mb: 24, ..ample_limits() };
        let failure = answer(&runtime, call(bomb).limits(limits)).await.expect_err("it bursts");
        assert_eq!((failure.outcome, failure.report.start), (Outcome::ExceededMemory, Start::Cold));
        assert!(failure.message.contains("24 MiB"), "{failure}");
    }

    async fn nothing_stands_by_where_that_is_switched_off() {
        let v8 = V8Config { standby_isolates: 0, ..V8Config::default() };
        let runtime = runtime_with(ModeName::Worker, |_| (), v8);
        for _ in 0..5 {
            assert_eq!(ask(&runtime, COUNTER).await.report.start, Start::Cold);
        }
        assert_eq!((ahead_stats().standby_isolates, ahead_stats().isolates_used), (0, 0));
    }

    async fn nothing_is_prepared_where_that_is_switched_off() {
        for name in [ModeName::Pool, ModeName::Pinned, ModeName::Shared] {
            let switched_off = |capacity: &mut Capacity| capacity.prepare = Some(false);
            let runtime = runtime_with(name, switched_off, V8Config::default());
            for _ in 0..5 {
                ask(&runtime, COUNTER).await;
                until("it is idle", |_| runtime.stats().mode.in_use == 0).await;
            }
        }
        assert_eq!((ahead_stats().contexts_made, tried(ahead_stats())), (0, 0));
    }

    async fn a_process_whose_memory_is_full_makes_nothing_ahead_and_gives_up_what_stands_by() {
        let v8 = V8Config { memory_max_mb: 16, ..V8Config::default() };
        let runtime = runtime_with(ModeName::Pool, |_| (), v8);
        until("the stock is filled", |stats| stats.standby_isolates == 2).await;
        let host = Host::new();
        let hog = "const kept = new Uint8Array(32 << 20); export default { async fetch() { \
             console.log('full'); await new Promise(() => {}); return new Response(kept) } }";
        let hogging = tokio::spawn({
            let (runtime, call) = (runtime.clone(), call(hog).ops(Arc::new(host.clone())));
            async move { answer(&runtime, call).await.is_ok() }
        });
        host.logged("full").await;
        let refused = answer(&runtime, call(COUNTER)).await.expect_err("memory is full");
        assert_eq!(refused.outcome, Outcome::LoadShed(ShedReason::Memory), "{refused}");
        assert_eq!(ahead_stats().standby_isolates, 0);
        hogging.abort();
    }

    async fn a_runtime_that_is_shut_down_leaves_nothing_behind() {
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        for number in 0..20 {
            ask(&runtime, &format!("{COUNTER} // {number}")).await;
        }
        assert!(runtime.shutdown(Duration::from_secs(30)).await);
        drop(runtime);
        until("every isolate is gone", |stats| {
            (runtime_facade::process_memory().isolates, stats.standby_isolates) == (0, 0)
        })
        .await;
    }

    async fn an_evaluation_under_way_ends_with_its_runtime() {
        let slow = "let n = 0; for (let i = 0; i < 2e8; i++) n += i; \
             export default { fetch() { return new Response(String(n)) } }";
        let runtime = runtime(ModeName::Pool, ContextPolicy::Fresh);
        let limits = RuntimeLimits { startup_cpu_ms: 0, cpu_ms: 0, ..RuntimeLimits::default() };
        answer(&runtime, call(slow).limits(limits)).await.expect("it is served");
        assert!(runtime.shutdown(Duration::from_secs(30)).await);
        drop(runtime);
        until("every isolate is gone", |_| runtime_facade::process_memory().isolates == 0).await;
        assert_eq!(ahead_stats().top_levels_made, 0);
    }
}
