//! The bounds of a whole process, each in a child process of its own: memory of all isolates, and lost threads.

use runtime_facade::{Mode, V8Config};

use crate::support::child::{self, say};
use crate::support::variant::v8_config;
use crate::support::*;

const MEMORY_MAX_MB: u64 = 40;

fn run(variant: &str, body: impl AsyncFnOnce(Fixture)) {
    let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let fixture = Fixture { variant: Variant::named(variant) };
    executor.expect("tokio gets its threads").block_on(body(fixture));
    say("done");
}

async fn passes_in_a_child(case: &str, fixture: Fixture) {
    let ended = child::run(case, &format!("{:?}", fixture.variant), Duration::from_secs(60)).await;
    assert!(ended.is_success && ended.said == ["done"], "{ended:#?}");
}

fn call(owner: &str, path: &str) -> Call {
    let script = handler(
        "const { pathname } = new URL(request.url);
        if (pathname === '/small') return new Response('small');
        globalThis.kept = new Uint8Array(44 << 20).fill(1);
        if (pathname === '/held') await env.GATE.pass();
        return new Response('large')",
    );
    Call::new(script, Event::get(format!("http://localhost{path}"))).owner(owner)
}

/// In a child: the memory of all isolates passes its limit, by isolates that are idle and by one that is not.
pub(crate) fn memory_child(variant: &str) {
    run(variant, async |fixture| {
        let (host, gate) = Host::new().with_gate();
        let v8 = V8Config { memory_max_mb: MEMORY_MAX_MB, ..v8_config() };
        let runtime = fixture.with_places_and_v8(3, 1, &host, v8);
        for round in 0..4 {
            // Each of these leaves more behind than the process may have; the next one is served all the same.
            let collected = answer(&runtime, call(&format!("owner-{round}"), "/large")).await;
            assert_eq!(collected.unwrap_or_else(|failure| panic!("{round}: {failure}")).text(), "large");
        }
        let held = tokio::spawn({
            let (runtime, call) = (runtime.clone(), call("holder", "/held"));
            async move { answer(&runtime, call).await }
        });
        gate.has_begun(1).await;
        // What is in use cannot be disposed of, and nobody waits for it in vain.
        let asked = Instant::now();
        let refused = answer(&runtime, call("other", "/small")).await.expect_err("there is no memory");
        assert_eq!(refused.outcome, Outcome::LoadShed(ShedReason::Memory), "{refused}");
        assert_eq!(refused.report.mode, fixture.variant.mode().as_str());
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
        gate.allow(1);
        assert_eq!(held.await.expect("no panic").expect("it is served").text(), "large");
        settled(&runtime).await;
        assert_eq!(answer(&runtime, call("other", "/small")).await.expect("there is memory").text(), "small");
    });
}

in_every_mode! {
    async fn a_request_is_served_when_disposing_of_idle_isolates_makes_room_for_it(fixture: Fixture) {
        passes_in_a_child("memory-of-the-process", fixture).await;
    }
}

/// In a child: one thread more is lost than the process bears.
pub(crate) fn health_child(variant: &str) {
    run(variant, async |fixture| {
        let runtimes: Vec<_> = Variant::ALL
            .into_iter()
            .map(|variant| {
                let context = variant.context();
                let capacity = Capacity { threads: Some(1), context, ..Capacity::default() };
                let mode = Mode::named(variant.mode(), &capacity).expect("the mode is available");
                let limits = RuntimeLimits { cpu_ms: 500, ..ample_limits() };
                let v8 = V8Config { lost_threads_budget: 0, ..V8Config::default() };
                let runtime = Runtime::builder().mode(mode).limits(limits).v8(v8).build();
                (variant, runtime.expect("it can be built"))
            })
            .collect();
        let fine = handler("return new Response('fine')");
        for (_, runtime) in &runtimes {
            assert_eq!(text(runtime, &*fine).await, "fine");
            assert!(runtime.stats().health.is_healthy());
        }
        let of_the_hostile = runtimes.iter().find(|(variant, _)| *variant == fixture.variant);
        let (_, runtime) = of_the_hostile.expect("all variants are there");
        let hostile = handler("new Array(2 ** 32 - 1).indexOf(1)");
        let call = Call::new(hostile, Event::get("http://localhost/")).owner("hostile");
        let failure = answer(runtime, call).await.expect_err("it cannot be stopped");
        assert_eq!(failure.outcome, Outcome::ExceededCpu, "{failure}");
        for (variant, runtime) in &runtimes {
            assert!(!runtime.stats().health.is_healthy());
            let call = Call::new(&*fine, Event::get("http://localhost/")).owner("another");
            let refused = answer(runtime, call).await.expect_err("the process is unhealthy");
            assert_eq!(refused.outcome, Outcome::LoadShed(ShedReason::Draining), "{variant:?}: {refused}");
            assert_eq!(refused.outcome.http_status(), 503);
            assert!(refused.outcome.retry_after_seconds().is_some());
            assert!(runtime.shutdown(Duration::from_secs(20)).await, "nothing is under way in {variant:?}");
        }
    });
}

in_every_mode! {
    async fn a_process_that_lost_more_threads_than_it_bears_refuses_new_requests(fixture: Fixture) {
        passes_in_a_child("lost-threads", fixture).await;
    }
}
