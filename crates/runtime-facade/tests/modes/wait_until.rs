//! Work that a guest leaves to be done after its response.

use crate::support::*;

in_every_mode! {
    async fn work_goes_on_after_the_response(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("ctx.waitUntil((async () => { await env.GATE.pass(); console.log('done') })());
            return new Response('early')");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        assert_eq!(execution.response.body.as_bytes(), Some(&b"early"[..]));
        gate.has_begun(1).await;
        assert!(!host.has_logged("done"));
        assert_eq!(runtime.stats().under_way, 1);
        gate.allow(1);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        assert!(host.has_logged("done"));
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn work_may_leave_more_work(fixture: Fixture) {
        let host = Host::new();
        let script = classic("const tick = () => new Promise((go) => setTimeout(go, 1));
            event.waitUntil(tick().then(() => {
              console.log('first');
              event.waitUntil(tick().then(() => console.log('second')));
            }));
            event.respondWith(new Response('early'))");
        assert_eq!(text(&fixture.runtime_for(&host), script).await, "early");
        assert_eq!(host.log_lines(), ["first", "second"]);
    }
}

in_every_mode! {
    async fn a_client_that_has_its_whole_answer_does_not_cancel_the_work(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("ctx.waitUntil(env.GATE.pass().then(() => console.log('done')));
            return new Response('early')");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        drop(execution);
        gate.has_begun(1).await;
        gate.allow(1);
        host.logged("done").await;
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn work_that_fails_is_logged_and_spoils_nothing(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        for work in ["Promise.reject(new Error('bad work'))", "(async () => { await null; throw new Error('bad work') })()"] {
            let script = handler(&format!("ctx.waitUntil({work}); return new Response('good')"));
            let collected = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await;
            assert_eq!(collected.expect("a good answer").text(), "good");
        }
        let complaints = host.log_lines().into_iter().filter(|line| line.contains("bad work")).count();
        assert_eq!(complaints, 2, "{:?}", host.log_lines());
    }
}

in_every_mode! {
    async fn the_processor_time_of_the_work_is_limited(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.cpu_ms = 50);
        let script = handler("ctx.waitUntil((async () => {
              await new Promise((go) => setTimeout(go, 1)); for (;;); })());
            return new Response('early')");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        assert_eq!(execution.response.body.as_bytes(), Some(&b"early"[..]));
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::ExceededCpu);
        settled(&runtime).await;
        assert_eq!(text(&runtime, handler("return new Response('next')")).await, "next");
    }
}

in_every_mode! {
    async fn the_patience_for_the_work_is_limited(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_000);
        let script = handler("ctx.waitUntil(new Promise(() => {})); return new Response('early')");
        let started = Instant::now();
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        assert_eq!(execution.response.body.as_bytes(), Some(&b"early"[..]));
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::ExceededWallTime);
        assert!((1_000..15_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_scheduled_event_lasts_as_long_as_its_work(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = "export default { scheduled(controller, env, ctx) {
            ctx.waitUntil(env.GATE.pass().then(() => console.log('done'))) } }";
        let running = tokio::spawn({
            let runtime = runtime.clone();
            async move { answer(&runtime, Call::new(script, Scheduled::default())).await }
        });
        gate.has_begun(1).await;
        assert_eq!(runtime.stats().under_way, 1);
        gate.allow(1);
        running.await.expect("no panic").expect("it goes well");
        assert_eq!(host.log_lines(), ["done"]);
    }
}
