//! Limits of memory and of the stack, and that the worker and everybody else goes on after they were hit.

use crate::support::*;

const MIB: u64 = 32;

fn small(fixture: Fixture) -> Runtime {
    fixture.runtime_with(|setup| {
        setup.limits.heap_max_mb = MIB;
        setup.limits.cpu_ms = 20_000;
    })
}

async fn run(runtime: &Runtime, script: &str) -> Result<Collected, Failure> {
    answer(runtime, Call::new(script, Event::get("http://localhost/")).owner("bomber").worker("bomb")).await
}

/// The same worker answers again, and so does another owner's.
async fn goes_on(runtime: &Runtime, script: &str) {
    for owner in ["bomber", "neighbour"] {
        let call = Call::new(script, Event::get("http://localhost/fine")).owner(owner).worker("bomb");
        let collected = answer(runtime, call).await.unwrap_or_else(|failure| panic!("{owner}: {failure}"));
        assert_eq!(collected.text(), "fine", "{owner}");
    }
    settled(runtime).await;
}

/// A handler that answers `fine` to `/fine`, and else runs this body.
fn guarded(body: &str) -> String {
    handler(&format!("if (request.url.endsWith('/fine')) return new Response('fine');\n{body}"))
}

in_every_mode! {
    async fn a_heap_bomb_is_stopped_and_the_next_request_is_served(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("const all = []; for (;;) all.push({ text: `item ${all.length}` })");
        let failure = run(&runtime, &script).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ExceededMemory);
        assert_eq!(failure.outcome.http_status(), 503);
        assert!(failure.message.contains("32 MiB"), "{}", failure.message);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_request_gets_its_context_where_another_has_filled_the_isolate_with_buffers(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.heap_max_mb = MIB;
            setup.ops = Some(Arc::new(host.clone()));
            setup.capacity.threads = Some(1);
            if fixture.variant.mode() == ModeName::Pool {
                setup.capacity.max_per_owner = Some(1);
            }
        });
        let script = guarded("const all = []; let size = 1 << 20;
            while (size >= 1) try { all.push(new Uint8Array(size)) } catch { size = Math.floor(size / 2) }
            console.log('filled'); await new Promise(() => {}); return new Response(`${all.length}`)");
        let filling = Call::new(&*script, Event::get("http://localhost/")).owner("bomber").worker("bomb");
        let filling = tokio::spawn({
            let runtime = runtime.clone();
            async move { answer(&runtime, filling).await.is_ok() }
        });
        host.logged("filled").await;
        let call = Call::new(&*script, Event::get("http://localhost/fine")).owner("bomber").worker("bomb");
        // There may be too little left for the second guest, but not for the process.
        match answer(&runtime, call).await {
            Ok(answer) => assert_eq!(answer.text(), "fine"),
            Err(failure) => assert_eq!(failure.outcome, Outcome::Exception, "{failure}"),
        }
        filling.abort();
        settled(&runtime).await;
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_heap_bomb_cannot_be_caught(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("try { const all = []; for (;;) all.push([all.length]) }
            catch { } finally { return new Response('escaped') }");
        assert_eq!(run(&runtime, &script).await.unwrap_err().outcome, Outcome::ExceededMemory);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_heap_bomb_at_the_top_level_is_stopped(fixture: Fixture) {
        let runtime = small(fixture);
        let script = "const all = []; for (;;) all.push({ a: all.length }); export default {}";
        assert_eq!(run(&runtime, script).await.unwrap_err().outcome, Outcome::ExceededMemory);
        goes_on(&runtime, &guarded("")).await;
    }
}

in_every_mode! {
    async fn a_buffer_bomb_is_a_range_error(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("const all = []; for (;;) all.push(new ArrayBuffer(1 << 20))");
        let failure = run(&runtime, &script).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.starts_with("RangeError: "), "{}", failure.message);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_buffer_bomb_that_is_caught_does_not_poison_the_next_request(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("let size = 0; const all = [];
            try { for (;;) { all.push(new Uint8Array(1 << 20)); size += 1 } }
            catch (error) { return new Response(`${error.name} ${size}`) }");
        for _ in 0..5 {
            let told = run(&runtime, &script).await.unwrap_or_else(|failure| panic!("{failure}")).text();
            let size: u64 = told.strip_prefix("RangeError ").expect("it is refused").parse().expect("a number");
            assert!((MIB / 2..=MIB).contains(&size), "{size} MiB of {MIB} were given");
            goes_on(&runtime, &script).await;
        }
    }
}

in_every_mode! {
    async fn buffers_that_are_garbage_do_not_count(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("let last = 0;
            for (let count = 0; count < 200; count++) last += new Uint8Array(1 << 20).length;
            return new Response(`${last >> 20}`)");
        assert_eq!(run(&runtime, &script).await.expect("an answer").text(), "200");
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_json_bomb_is_stopped(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("const text = '[' + '{\"a\":[1,2]},'.repeat(1e6) + '1]'; return Response.json(JSON.parse(text).length)");
        let failure = run(&runtime, &script).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ExceededMemory);
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_flood_of_promises_is_stopped(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.heap_max_mb = MIB;
            setup.limits.cpu_ms = 3_000;
        });
        let script = guarded("const grow = () => { Promise.resolve().then(grow); Promise.resolve().then(grow) };
            grow(); await new Promise(() => {})");
        let failure = run(&runtime, &script).await.unwrap_err();
        let allowed = [Outcome::ExceededMemory, Outcome::ExceededCpu];
        assert!(allowed.contains(&failure.outcome), "{failure}");
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn deep_recursion_is_an_exception_that_can_be_caught(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("const deep = (n) => deep(n + 1) + 1; return new Response(`${deep(0)}`)");
        let failure = run(&runtime, &script).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.starts_with("RangeError: Maximum call stack"), "{}", failure.message);
        goes_on(&runtime, &script).await;
        let script = guarded("let depth = 0; const deep = () => { depth += 1; deep() };
            try { deep() } catch (error) { return new Response(`${error.name} ${depth > 1000}`) }");
        assert_eq!(run(&runtime, &script).await.expect("an answer").text(), "RangeError true");
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_request_body_that_does_not_fit_is_an_error_and_not_the_end(fixture: Fixture) {
        let runtime = small(fixture);
        let script = guarded("try { await request.arrayBuffer(); return new Response('fits') }
            catch (error) { return new Response(error.name) }");
        let request = Request {
            body: vec![b'x'; 64 << 20].into(),
            ..Request::new(http::Method::POST, "http://localhost/")
        };
        let call = Call::new(&*script, request).owner("bomber").worker("bomb");
        match answer(&runtime, call).await {
            Ok(collected) => assert_ne!(collected.text(), "fits"),
            Err(failure) => assert!(
                [Outcome::ExceededMemory, Outcome::Exception].contains(&failure.outcome),
                "{failure}"
            ),
        }
        goes_on(&runtime, &script).await;
    }
}

in_every_mode! {
    async fn a_heap_bomb_in_one_worker_leaves_another_that_runs_alone(fixture: Fixture) {
        // In the shared mode everybody is in one isolate, and shares its fate; that is what the mode's page says.
        if fixture.variant == Variant::Shared {
            return;
        }
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.heap_max_mb = MIB;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("await env.GATE.pass(); return new Response('undisturbed')");
        let call = Call::new(script, Event::get("http://localhost/")).owner("neighbour");
        let neighbour = tokio::spawn({
            let runtime = runtime.clone();
            async move { answer(&runtime, call).await }
        });
        gate.has_begun(1).await;
        let bomb = guarded("const all = []; for (;;) all.push({ text: `item ${all.length}` })");
        assert_eq!(run(&runtime, &bomb).await.unwrap_err().outcome, Outcome::ExceededMemory);
        gate.allow(1);
        let collected = neighbour.await.expect("no panic").expect("an answer");
        assert_eq!(collected.text(), "undisturbed");
    }
}
