//! Limits of counts and switches: timers, subrequests, log lines, response bytes, code from strings.

use crate::support::*;

in_every_mode! {
    async fn only_so_many_timers_can_be_armed(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.timers = 100);
        let script = handler("const ids = [];
            try { for (;;) ids.push(setTimeout(() => {}, 1e6)) }
            catch (error) {
              clearTimeout(ids.pop());
              const again = setTimeout(() => {}, 1e6);
              return new Response(`${error.name} ${ids.length} ${again > 0}`);
            }");
        for _ in 0..3 {
            assert_eq!(text(&runtime, &*script).await, "RangeError 99 true");
        }
    }
}

in_every_mode! {
    async fn timers_that_nobody_waits_for_do_not_keep_a_request(fixture: Fixture) {
        let runtime = fixture.runtime();
        let script = handler("for (let count = 0; count < 1000; count++) setTimeout(() => {}, 60000);
            setInterval(() => {}, 1000); return new Response('answered')");
        let started = Instant::now();
        assert_eq!(text(&runtime, script).await, "answered");
        settled(&runtime).await;
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

in_every_mode! {
    async fn only_so_many_subrequests_can_be_made(fixture: Fixture) {
        let host = Host::new()
            .on_fetch(|request| async move { Ok(crate::support::host::fetched(request.url, 200, "x")) })
            .with_bindings(|bindings| bindings.method("B", "m", |(): ()| async { Ok::<_, OpError>(1) }));
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.subrequests = 5;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("const told = [];
            for (let count = 0; count < 4; count++) {
              told.push(await fetch('http://upstream/').then(() => 'fetched', (error) => error.message));
              told.push(await (async () => env.B.m())().then(() => 'called', (error) => error.message));
            }
            return new Response(told.join())");
        for _ in 0..2 {
            let told = text(&runtime, &*script).await;
            assert_eq!(told.matches("fetched").count() + told.matches("called").count(), 5, "{told}");
            assert_eq!(told.matches("too many subrequests").count(), 3, "{told}");
        }
    }
}

in_every_mode! {
    async fn only_so_many_subrequests_are_under_way_at_once(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.concurrent_subrequests = 2;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("const calls = []; for (let count = 0; count < 6; count++) calls.push(env.GATE.pass());
            await Promise.all(calls); return new Response('all')");
        let running = tokio::spawn({
            let runtime = runtime.clone();
            async move { text(&runtime, script).await }
        });
        for done in 0..4 {
            gate.has_begun(done + 2).await;
            assert!(gate.alive() <= 2, "{} are under way", gate.alive());
            gate.allow(1);
        }
        gate.allow(2);
        assert_eq!(running.await.expect("no panic"), "all");
        assert_eq!(gate.begun(), 6);
    }
}

in_every_mode! {
    async fn only_so_many_lines_are_logged(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.log_lines = 3;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("for (let line = 0; line < 100; line++) console.log(`line ${line}`); return new Response('ok')");
        assert_eq!(text(&runtime, &*script).await, "ok");
        assert_eq!(host.log_lines().len(), 3);
        assert!(host.has_logged("further records are dropped"), "{:?}", host.log_lines());
        assert_eq!(text(&runtime, &*script).await, "ok");
        assert_eq!(host.log_lines().len(), 6, "the next request has its own lines");
    }
}

in_every_mode! {
    async fn a_response_body_has_only_so_many_bytes(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.response_bytes = 1_000);
        let call = |body: &str| Call::new(handler(body), Event::get("http://localhost/"));
        let at_limit = answer(&runtime, call("return new Response('x'.repeat(1000))")).await.expect("an answer");
        assert_eq!(at_limit.body.len(), 1_000);
        let failure = answer(&runtime, call("return new Response('x'.repeat(1001))")).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("1000 bytes"), "{}", failure.message);
        let stream = "let sent = 0; return new Response(new ReadableStream({
            pull(controller) { if (sent++ > 20) controller.close(); else controller.enqueue(new Uint8Array(100)) } }))";
        let mut execution = runtime.execute(call(stream)).await.expect("runs");
        let mut bytes = 0;
        let broke_off = loop {
            match within("a chunk", execution.response.body.chunk()).await {
                Ok(Some(chunk)) => bytes += chunk.len(),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(broke_off && bytes <= 1_000, "{bytes} bytes came, broke off: {broke_off}");
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Exception);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn code_from_strings_is_refused_unless_allowed(fixture: Fixture) {
        let script = handler("const told = [];
            for (const run of [() => eval('1 + 1'), () => new Function('return 2')(), () => (0, eval)('2'),
                               () => (async () => {}).constructor('return 2') && 2]) {
              try { told.push(run()) } catch (error) { told.push(error.name) }
            }
            globalThis.fromTimer = 'timer was refused';
            setTimeout('globalThis.fromTimer = \"timer ran\"', 0);
            await new Promise((go) => setTimeout(go, 5));
            told.push(globalThis.fromTimer);
            return new Response(told.join())");
        let refused = fixture.runtime_with(|setup| setup.limits.allow_eval = false);
        assert_eq!(text(&refused, &*script).await, "EvalError,EvalError,EvalError,EvalError,timer was refused");
        let allowed = fixture.runtime_with(|setup| setup.limits.allow_eval = true);
        assert_eq!(text(&allowed, &*script).await, "2,2,2,2,timer ran");
    }
}

in_every_mode! {
    async fn webassembly_runs_without_code_from_strings(fixture: Fixture) {
        // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
        let script = handler("const bytes = new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,
              3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]);
            const { instance } = await WebAssembly.instantiate(bytes);
            const now = new WebAssembly.Instance(new WebAssembly.Module(bytes));
            return new Response(`${instance.exports.add(40, 2)} ${now.exports.add(1, 2)}`)");
        assert_eq!(text(&fixture.runtime(), script).await, "42 3");
    }
}
