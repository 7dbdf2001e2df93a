//! Building runtimes, several in one process, and taking them down.

use runtime_facade::{BuildError, InitError, Mode, V8Config};

use crate::support::variant::v8_config;
use crate::support::*;

in_every_mode! {
    async fn shutting_down_refuses_newcomers_and_waits_for_the_others(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("await env.GATE.pass(); return new Response('finished')");
        let running = tokio::spawn({
            let (runtime, script) = (runtime.clone(), script.clone());
            async move { text(&runtime, script).await }
        });
        gate.has_begun(1).await;
        assert!(!runtime.shutdown(Duration::from_millis(20)).await, "a request is under way");
        let refused = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await.unwrap_err();
        assert_eq!(refused.outcome, Outcome::LoadShed(ShedReason::Draining));
        assert_eq!(refused.outcome.http_status(), 503);
        gate.allow(1);
        assert!(within("the shutdown", runtime.shutdown(Duration::from_secs(20))).await);
        assert_eq!(running.await.expect("no panic"), "finished");
        until("the isolates are gone", || runtime.stats().mode.isolates == 0).await;
    }
}

in_every_mode! {
    async fn shutting_down_waits_for_bodies_and_work_after_the_response(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("ctx.waitUntil(env.GATE.pass()); return new Response('early')");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        assert!(!runtime.shutdown(Duration::from_millis(20)).await);
        gate.allow(1);
        assert!(within("the shutdown", runtime.shutdown(Duration::from_secs(20))).await);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
    }
}

in_every_mode! {
    async fn two_runtimes_in_one_process_know_nothing_of_each_other(fixture: Fixture) {
        let (one, two) = (fixture.cramped(), fixture.cramped());
        let script = "let count = 0; export default { fetch() { return new Response(`${count += 1}`) } }";
        assert_eq!(text(&one, script).await, "1");
        assert_eq!(text(&two, script).await, "1");
        assert!(one.shutdown(Duration::from_secs(10)).await);
        assert_eq!(text(&two, script).await, if fixture.variant.keeps_contexts() { "2" } else { "1" });
    }
}

in_every_mode! {
    async fn a_dropped_runtime_lets_its_requests_finish(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("ctx.waitUntil(env.GATE.pass().then(() => console.log('done'))); return new Response('r')");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        drop(runtime);
        gate.allow(1);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert!(host.has_logged("done"));
    }
}

#[test]
fn all_modes_run_at_once_in_one_process() {
    crate::support::variant::run(Variant::Worker, async |_| {
        let running: Vec<_> = Variant::ALL
            .into_iter()
            .flat_map(|variant| std::iter::repeat_n(variant, 2))
            .map(|variant| {
                tokio::spawn(async move {
                    let runtime = Fixture { variant }.runtime();
                    let script = handler(
                        "let sum = 0; for (let n = 0; n < 1e5; n++) sum += n % 7;
                        await new Promise((go) => setTimeout(go, 1));
                        return new Response(`${sum} ${new URL(request.url).pathname}`)",
                    );
                    for number in 0..20 {
                        let call = Call::new(&*script, Event::get(format!("http://localhost/{number}")));
                        let call = call.owner(format!("owner-{}", number % 3));
                        let told = answer(&runtime, call).await.unwrap_or_else(|failure| panic!("{failure}"));
                        let sum: u32 = (0..100_000).map(|n| n % 7).sum();
                        assert_eq!(told.text(), format!("{sum} /{number}"), "{variant:?}");
                    }
                    assert!(runtime.shutdown(Duration::from_secs(10)).await);
                })
            })
            .collect();
        for runtime in running {
            runtime.await.expect("every mode works");
        }
    });
}

#[test]
fn a_second_setup_of_v8_that_differs_is_an_error_that_shows_both() {
    crate::support::variant::run(Variant::Worker, async |fixture| {
        drop(fixture.runtime());
        let build = |config: V8Config| {
            let mode = Mode::named(ModeName::Worker, &Capacity::default()).expect("it is available");
            Runtime::builder().mode(mode).v8(config).build()
        };
        build(v8_config()).expect("the same setup again is fine");
        let error = build(V8Config { stack_kib: 777, ..v8_config() }).expect_err("it differs");
        assert!(matches!(error, BuildError::Init(InitError::AlreadyInitialised { .. })), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("stack_kib: 984") && message.contains("stack_kib: 777"), "{message}");
    });
}

#[test]
fn a_mode_that_is_not_known_is_an_error_that_lists_those_that_are() {
    let message = "warp".parse::<ModeName>().expect_err("there is none").to_string();
    assert!(message.contains("\"warp\""), "{message}");
    for mode in ModeName::available() {
        assert!(message.contains(mode.as_str()), "{message}");
        assert_eq!(mode.as_str().parse::<ModeName>().ok(), Some(mode));
    }
    let message = Runtime::builder().build().expect_err("no mode").to_string();
    assert!(message.contains("worker, pool, pinned, shared"), "{message}");
}

#[test]
fn bounds_that_let_nobody_in_are_an_error_at_once() {
    for mode in [ModeName::Worker, ModeName::Pool, ModeName::Pinned] {
        let capacity = Capacity { max_isolates: Some(0), ..Capacity::default() };
        let mode = Mode::named(mode, &capacity).expect("it is available");
        let error = Runtime::builder().mode(mode).v8(v8_config()).build().expect_err("nobody gets in");
        assert!(matches!(error, BuildError::Mode(_)), "{error:?}");
    }
}

#[test]
fn runtimes_and_their_futures_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Runtime>();
    is_send_and_sync::<runtime_facade::Pool>();
    is_send_and_sync::<runtime_facade::PinnedPool>();
    is_send_and_sync::<runtime_facade::SharedMode>();
    is_send_and_sync::<runtime_facade::WorkerMode>();
    crate::support::variant::run(Variant::Worker, async |fixture| {
        let runtime = fixture.runtime();
        let call = Call::new(handler("return new Response('')"), Event::get("http://localhost/"));
        let executing = runtime.execute(call);
        is_send(&executing);
        is_send(&executing.await.expect("runs"));
    });
}

in_every_mode! {
    async fn memory_comes_back_when_a_runtime_is_taken_down(fixture: Fixture) {
        let runtime = fixture.runtime();
        for owner in 0..5 {
            let script = handler("globalThis.kept = new Uint8Array(1 << 20).fill(1); return new Response('')");
            let call = Call::new(script, Event::get("http://localhost/")).owner(format!("owner-{owner}"));
            answer(&runtime, call).await.expect("an answer");
        }
        settled(&runtime).await;
        assert!(runtime.shutdown(Duration::from_secs(10)).await);
        until("the isolates are gone", || runtime.stats().mode.isolates == 0).await;
        let stats = serde_json::to_value(runtime.stats()).expect("figures are data");
        assert_eq!(stats["mode"]["mode"], fixture.variant.mode().as_str());
        assert_eq!(stats["under_way"], 0);
    }
}
