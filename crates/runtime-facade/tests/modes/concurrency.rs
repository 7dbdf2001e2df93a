//! Many requests at once, in every mode.

use std::sync::OnceLock;

use crate::support::*;

in_every_mode! {
    async fn many_requests_over_few_isolates_each_get_their_own_answer(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.max_isolates = Some(3);
            setup.capacity.queue = Some(100);
            setup.capacity.queue_timeout = Some(Duration::from_secs(60));
        });
        let script = handler("const mine = `${env.OWNER} ${new URL(request.url).pathname}`;
            for (let count = 0; count < 3; count++) await new Promise((go) => setTimeout(go, Math.random() * 4));
            return new Response(mine, { headers: { 'x-body': await request.text() } })");
        let running: Vec<_> = (0..32)
            .map(|number| {
                let owner = format!("owner-{}", number % 4);
                let code = WorkerCode::from(&*script).env([("OWNER", owner.clone())]);
                let request = Request {
                    body: format!("body {number}").into(),
                    ..Request::new(http::Method::POST, format!("http://localhost/{number}"))
                };
                let (runtime, call) = (runtime.clone(), Call::new(code, request).owner(owner.clone()));
                tokio::spawn(async move {
                    let collected = answer(&runtime, call).await.unwrap_or_else(|failure| panic!("{failure}"));
                    assert_eq!(collected.text(), format!("{owner} /{number}"));
                    assert_eq!(collected.headers["x-body"], format!("body {number}"));
                })
            })
            .collect();
        for request in running {
            request.await.expect("every request is answered rightly");
        }
        settled(&runtime).await;
        let stats = runtime.stats().mode;
        assert!(stats.isolates <= stats.capacity && stats.shed == 0, "{stats:?}");
    }
}

in_every_mode! {
    async fn a_worker_may_call_itself_through_its_host(fixture: Fixture) {
        let own: Arc<OnceLock<(Runtime, String)>> = Arc::default();
        let back = Arc::clone(&own);
        let host = Host::new().on_fetch(move |request| {
            let back = Arc::clone(&back);
            async move {
                let (runtime, script) = back.get().expect("the runtime is there");
                let call = Call::new(&**script, Event::get(request.url.clone()));
                let collected = match runtime.execute(call).await {
                    Ok(execution) => execution.collect().await,
                    Err(failure) => Err(failure),
                };
                match collected {
                    Ok(collected) => Ok(crate::support::host::fetched(request.url, 200, collected.text())),
                    Err(failure) => {
                        let status = failure.outcome.http_status();
                        Ok(crate::support::host::fetched(request.url, status, failure.to_string()))
                    }
                }
            }
        });
        let runtime = fixture.runtime_for(&host);
        let script = handler("const depth = Number(new URL(request.url).searchParams.get('depth'));
            if (depth === 0) return new Response('bottom');
            const answer = await fetch(`http://localhost/?depth=${depth - 1}`);
            return new Response(`${answer.status} ${await answer.text()}`)");
        own.set((runtime.clone(), script.clone())).expect("it is set once");
        let call = Call::new(&*script, Event::get("http://localhost/?depth=2"));
        assert_eq!(answer(&runtime, call).await.expect("an answer").text(), "200 200 bottom");
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_request_that_waits_for_its_host_lets_others_run(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.ops = Some(Arc::new(host.clone()));
        });
        let slow = handler("await env.GATE.pass(); return new Response('slow')");
        let waiting = tokio::spawn({
            let runtime = runtime.clone();
            async move { text(&runtime, slow).await }
        });
        gate.has_begun(1).await;
        // One thread: it is free while the other request waits.
        for _ in 0..5 {
            assert_eq!(text(&runtime, handler("return new Response('quick')")).await, "quick");
        }
        gate.allow(1);
        assert_eq!(waiting.await.expect("no panic"), "slow");
    }
}

in_every_mode! {
    async fn one_owners_endless_loop_does_not_keep_another_owner_waiting_for_long(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 60_000;
            setup.limits.wall_ms = 60_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        // In the shared mode owners share isolates by design: a computing guest holds its thread's one.
        if fixture.variant == Variant::Shared {
            return;
        }
        let looping = tokio::spawn({
            let runtime = runtime.clone();
            let call = Call::new(handler("console.log('looping'); for (;;);"), Event::get("http://localhost/"));
            async move { runtime.execute(call.owner("looper")).await }
        });
        host.logged("looping").await;
        let quick = handler("return new Response('quick')");
        let mut served = 0;
        for _ in 0..4 {
            // A pinned pool sends calls to its threads in turn: those for the busy thread wait for the loop's end.
            let call = Call::new(&*quick, Event::get("http://localhost/")).owner("neighbour");
            if let Ok(answer) = tokio::time::timeout(Duration::from_secs(8), answer(&runtime, call)).await {
                answer.unwrap_or_else(|failure| panic!("{failure}"));
                served += 1;
            }
        }
        assert!(served >= 1, "everybody waited for the loop, which had not ended yet");
        looping.abort();
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_compilation_that_ended_in_a_neighbours_turn_hung_its_request(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.limits.cpu_ms = 60_000;
        });
        // One worker, so that both requests may be in one isolate. The neighbour has a turn all the time.
        let script = handler("if (request.url.endsWith('/turns')) {
                for (let turn = 0; turn < 400; turn++) await new Promise((go) => setTimeout(go, 0));
                return new Response('turned');
            }
            const module = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
            for (let count = 0; count < 100; count++) await WebAssembly.compile(module);
            return new Response('compiled')");
        let code = WorkerCode::from(&*script);
        let ask = |path: &str| {
            let (runtime, call) = (runtime.clone(), Call::new(&code, Event::get(format!("http://localhost/{path}"))));
            tokio::spawn(async move { answer(&runtime, call).await })
        };
        let (neighbour, compiling) = (ask("turns"), ask("compile"));
        for (request, expected) in [(compiling, "compiled"), (neighbour, "turned")] {
            let collected = within("an answer", request).await.expect("no panic");
            assert_eq!(collected.unwrap_or_else(|failure| panic!("{failure}")).text(), expected);
        }
    }
}
