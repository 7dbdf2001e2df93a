//! Limits of processor time and of time on the clock, and that the worker and everybody else goes on after.

use crate::support::*;

/// A handler that answers `fine` to `/fine`, and else runs this body.
fn guarded(body: &str) -> String {
    handler(&format!("if (request.url.endsWith('/fine')) return new Response('fine');\n{body}"))
}

async fn goes_on(runtime: &Runtime, script: &str) {
    for owner in ["default", "neighbour"] {
        // Not with the limits under test, which a busy machine may need for making an isolate.
        let limits = ample_limits();
        let call = Call::new(script, Event::get("http://localhost/fine")).owner(owner).limits(limits);
        let collected = answer(runtime, call).await.unwrap_or_else(|failure| panic!("{owner}: {failure}"));
        assert_eq!(collected.text(), "fine", "{owner}");
    }
    settled(runtime).await;
}

async fn fails(runtime: &Runtime, script: &str) -> Failure {
    answer(runtime, Call::new(script, Event::get("http://localhost/"))).await.expect_err("a limit is hit")
}

in_every_mode! {
    async fn an_endless_loop_is_stopped_and_the_next_request_is_served(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 50);
        for body in ["for (;;);", "while (true) { try { null.x } catch {} }"] {
            let script = guarded(body);
            let failure = fails(&runtime, &script).await;
            assert_eq!(failure.outcome, Outcome::ExceededCpu, "{body}");
            assert_eq!(failure.outcome.http_status(), 503);
            assert!(failure.message.contains("50 ms"), "{}", failure.message);
            assert!(failure.report.cpu >= Duration::from_millis(45), "{:?}", failure.report);
            goes_on(&runtime, &script).await;
        }
    }
}

in_every_mode! {
    async fn a_loop_cannot_catch_its_own_end(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 50);
        let script = guarded("try { for (;;); } catch { return new Response('caught') }
            finally { return new Response('finally') }");
        assert_eq!(fails(&runtime, &script).await.outcome, Outcome::ExceededCpu);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_catastrophic_regular_expression_is_stopped(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 100);
        let script = guarded("return new Response(`${/^(a+)+$/.test('a'.repeat(60) + 'b')}`)");
        assert_eq!(fails(&runtime, &script).await.outcome, Outcome::ExceededCpu);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn endless_microtasks_are_stopped(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 100);
        let script = guarded("const again = () => queueMicrotask(again); again(); await new Promise(() => {})");
        assert_eq!(fails(&runtime, &script).await.outcome, Outcome::ExceededCpu);
        let script = guarded("for (;;) await null");
        assert_eq!(fails(&runtime, &script).await.outcome, Outcome::ExceededCpu);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn processor_time_adds_up_over_turns(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 300);
        let script = guarded("for (;;) {
            const until = Date.now() + 5; while (Date.now() < until);
            await new Promise((go) => setTimeout(go, 0)); }");
        let failure = fails(&runtime, &script).await;
        assert_eq!(failure.outcome, Outcome::ExceededCpu);
        assert!(failure.report.turns > 3, "{:?}", failure.report);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn waiting_costs_no_processor_time(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 500);
        let script = guarded("await new Promise((go) => setTimeout(go, 1000)); return new Response('rested')");
        let collected = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await;
        let collected = collected.expect("an answer");
        assert_eq!(collected.text(), "rested");
        assert!(collected.report.cpu < Duration::from_millis(500) && collected.report.wall >= Duration::from_secs(1));
    }
}

in_every_mode! {
    async fn processor_time_is_not_charged_to_the_neighbour(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.limits.cpu_ms = 600;
            setup.ops = Some(Arc::new(host.clone()));
        });
        // One worker: in the pool and the shared mode both requests are on the same isolate.
        let script = handler("if (request.url.endsWith('/wait')) { await env.GATE.pass(); return new Response('waited') }
            const until = Date.now() + 120; while (Date.now() < until); return new Response('worked')");
        let waiting = tokio::spawn({
            let (runtime, script) = (runtime.clone(), script.clone());
            async move { answer(&runtime, Call::new(script, Event::get("http://localhost/wait"))).await }
        });
        gate.has_begun(1).await;
        for _ in 0..6 {
            assert_eq!(text(&runtime, &*script).await, "worked");
        }
        gate.allow(1);
        let waited = waiting.await.expect("no panic").expect("an answer");
        assert_eq!(waited.text(), "waited");
        assert!(waited.report.cpu < Duration::from_millis(500), "{:?}", waited.report);
    }
}

in_every_mode! {
    async fn a_promise_that_never_resolves_ends_at_the_deadline(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_000);
        for script in [
            guarded("await new Promise(() => {})"),
            guarded("setInterval(() => {}, 1); await new Promise(() => {})"),
            guarded("return new Promise(() => {})"),
        ] {
            let started = Instant::now();
            let failure = fails(&runtime, &script).await;
            assert_eq!(failure.outcome, Outcome::ExceededWallTime);
            assert_eq!(failure.outcome.http_status(), 504);
            assert!((1_000..15_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
            goes_on(&runtime, &script).await;
        }
    }
}

in_every_mode! {
    async fn an_operation_that_never_returns_ends_at_the_deadline_and_is_dropped(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.wall_ms = 1_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = guarded("await env.GATE.pass(); return new Response('never')");
        let failure = fails(&runtime, &script).await;
        assert_eq!(failure.outcome, Outcome::ExceededWallTime);
        assert_eq!(gate.begun(), 1);
        gate.are_alive(0).await;
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn the_clock_stops_a_guest_that_computes_without_a_processor_limit(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 0;
            setup.limits.wall_ms = 1_000;
        });
        let script = guarded("for (;;);");
        let failure = fails(&runtime, &script).await;
        assert_eq!(failure.outcome, Outcome::ExceededWallTime);
        assert!(!failure.message.contains("promise"), "{}", failure.message);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn the_top_level_has_a_limit_of_its_own(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.startup_cpu_ms = 100;
            setup.limits.cpu_ms = 20_000;
        });
        for script in [
            "for (;;); export default {}",
            "for (;;);",
            "await null; for (;;); export default {}",
            "const again = () => queueMicrotask(again); again(); export default { fetch() {} }",
        ] {
            let failure = fails(&runtime, script).await;
            assert_eq!(failure.outcome, Outcome::ExceededCpu, "{script}");
            assert!(failure.message.contains("top level"), "{}", failure.message);
        }
        goes_on(&runtime, &guarded("")).await;
    }
}

in_every_mode! {
    async fn a_top_level_await_that_never_ends_ends_at_the_deadline(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_000);
        let failure = fails(&runtime, "await new Promise(() => {}); export default {}").await;
        assert_eq!(failure.outcome, Outcome::ExceededWallTime);
        goes_on(&runtime, &guarded("")).await;
    }
}

in_every_mode! {
    async fn a_costly_top_level_does_not_count_against_the_handler(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 60);
        let script = "const until = Date.now() + 150; while (Date.now() < until);
            export default { fetch() { return new Response('served') } }";
        assert_eq!(text(&runtime, script).await, "served");
    }
}

in_every_mode! {
    async fn a_stream_that_never_ends_ends_at_the_deadline_and_is_seen_to_break(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_000);
        let script = guarded("return new Response(new ReadableStream({
            start(controller) { controller.enqueue(new Uint8Array(3)) } }))");
        let mut execution = runtime.execute(Call::new(&*script, Event::get("http://localhost/"))).await.expect("runs");
        let first = within("a chunk", execution.response.body.chunk()).await.expect("the body begins");
        assert_eq!(first.map(|bytes| bytes.len()), Some(3));
        within("the break", execution.response.body.chunk()).await.expect_err("the body breaks off");
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::ExceededWallTime);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_limit_of_one_call_wins_over_the_runtimes(fixture: Fixture) {
        let runtime = fixture.runtime();
        let limits = RuntimeLimits { cpu_ms: 30, ..RuntimeLimits::default() };
        let call = Call::new(guarded("for (;;);"), Event::get("http://localhost/")).limits(limits);
        let failure = answer(&runtime, call).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ExceededCpu);
        assert!(failure.message.contains("30 ms"), "{}", failure.message);
        let call = Call::new(guarded("const until = Date.now() + 100; while (Date.now() < until);
            return new Response('in time')"), Event::get("http://localhost/"));
        assert_eq!(answer(&runtime, call).await.expect("an answer").text(), "in time");
    }
}

in_every_mode! {
    async fn limits_that_are_off_do_not_limit(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits = RuntimeLimits::unlimited());
        let script = handler("const until = Date.now() + 100; while (Date.now() < until);
            const timers = []; for (let count = 0; count < 20000; count++) timers.push(setTimeout(() => {}, 1e6));
            timers.forEach(clearTimeout);
            return new Response(`${new Function('return 6 * 7')()}`)");
        assert_eq!(text(&runtime, script).await, "42");
        // Without a clock, a guest that nothing can wake is told so instead of being kept for ever.
        let failure = fails(&runtime, &handler("await new Promise(() => {})")).await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("nothing will settle"), "{}", failure.message);
    }
}
