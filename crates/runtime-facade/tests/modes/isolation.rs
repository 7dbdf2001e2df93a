//! What one request, version, environment or owner can see of another: under `Fresh` contexts nothing, under reused
//! ones the module state of the very same worker.

use crate::support::variant::MAX_USES;
use crate::support::*;

const COUNTER: &str = "let count = 0;
    export default { fetch(request, env) {
      count += 1; globalThis.total = (globalThis.total ?? 0) + 1;
      return new Response(`${count} ${globalThis.total}`) } }";

async fn count(runtime: &Runtime, call: Call) -> u32 {
    let told = answer(runtime, call).await.unwrap_or_else(|failure| panic!("{failure}")).text();
    let (count, total) = told.split_once(' ').expect("two numbers");
    assert_eq!(count, total, "module state and global state live equally long");
    count.parse().expect("a number")
}

fn counter() -> Call {
    Call::new(COUNTER, Event::get("http://localhost/"))
}

in_every_mode! {
    async fn module_state_lives_as_long_as_the_policy_says(fixture: Fixture) {
        let runtime = fixture.cramped();
        let mut counts = Vec::new();
        for _ in 0..7 {
            counts.push(count(&runtime, counter()).await);
        }
        if fixture.variant.keeps_contexts() {
            assert_eq!(MAX_USES, 3);
            assert_eq!(counts, [1, 2, 3, 1, 2, 3, 1]);
        } else {
            assert_eq!(counts, [1; 7]);
        }
    }
}

in_every_mode! {
    async fn owners_workers_versions_and_environments_never_share_state(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.capacity.threads = Some(1));
        let other_version = format!("{COUNTER}\n// version 2");
        let environment = WorkerCode::from(COUNTER).env([("A", "1")]);
        let calls: [&dyn Fn() -> Call; 5] = [
            &counter,
            &|| counter().owner("other"),
            &|| counter().worker("other"),
            &|| Call::new(&*other_version, Event::get("http://localhost/")),
            &|| Call::new(&environment, Event::get("http://localhost/")),
        ];
        for round in 1..=2 {
            for call in calls {
                let expected = if fixture.variant.keeps_contexts() { round } else { 1 };
                assert_eq!(count(&runtime, call()).await, expected);
            }
        }
    }
}

in_every_mode! {
    async fn what_one_owner_does_to_the_builtins_no_other_owner_sees(fixture: Fixture) {
        let runtime = fixture.cramped();
        let vandal = handler("Array.prototype.push = () => { throw new Error('vandal') };
            Object.prototype.stained = 'stained';
            globalThis.Response = class Forged {};
            delete globalThis.URL; Promise.prototype.then = null; JSON.parse = undefined;
            return new (await fetch('x').catch(() => null), (0, Object.getPrototypeOf(request).constructor))('http://x/') ");
        for owner in ["a", "b", "a", "c"] {
            let call = Call::new(&*vandal, Event::get("http://localhost/")).owner(owner);
            // What becomes of the vandal's own request is its own business.
            let _ = answer(&runtime, call).await;
            let script = handler("const all = []; all.push(1);
                return new Response(`${all} ${({}).stained} ${typeof URL} ${typeof JSON.parse} ${await Promise.resolve(2)}`)");
            let call = Call::new(script, Event::get("http://localhost/")).owner("victim");
            let told = answer(&runtime, call).await.unwrap_or_else(|failure| panic!("{failure}")).text();
            assert_eq!(told, "1 undefined function function 2");
        }
    }
}

in_every_mode! {
    async fn a_context_that_did_not_end_well_is_not_used_again(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.one_isolate_an_owner = true;
            setup.limits.cpu_ms = 100;
        });
        let script = "let count = 0; export default { fetch(request) {
            count += 1;
            if (request.url.endsWith('/loop')) for (;;);
            if (request.url.endsWith('/throw')) throw new Error('thrown');
            return new Response(`${count}`) } }";
        let call = |path: &str| Call::new(script, Event::get(format!("http://localhost/{path}")));
        let counted = async |expected: u32| {
            let told = answer(&runtime, call("")).await.expect("an answer").text();
            assert_eq!(told, if fixture.variant.keeps_contexts() { expected.to_string() } else { "1".to_owned() });
        };
        counted(1).await;
        assert_eq!(answer(&runtime, call("throw")).await.unwrap_err().outcome, Outcome::Exception);
        // An exception is the guest's ordinary business: its state is kept.
        counted(3).await;
        counted(1).await;
        assert_eq!(answer(&runtime, call("loop")).await.unwrap_err().outcome, Outcome::ExceededCpu);
        counted(1).await;
    }
}

in_every_mode! {
    async fn a_promise_that_one_request_left_unfinished_does_not_go_on_in_the_next(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.one_isolate_an_owner = true;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = "let leaked = 'nothing leaked';
            const leave = async (env) => { await env.GATE.pass(); leaked = 'leaked'; console.log('leaked') };
            export default { async fetch(request, env) {
              if (request.url.endsWith('/leave')) { leave(env); return new Response('left') }
              for (let count = 0; count < 5; count++) await new Promise((go) => setTimeout(go, 1));
              return new Response(leaked);
            } }";
        let call = |path: &str| Call::new(script, Event::get(format!("http://localhost/{path}")));
        assert_eq!(answer(&runtime, call("leave")).await.expect("an answer").text(), "left");
        gate.are_alive(0).await;
        gate.allow(10);
        assert_eq!(answer(&runtime, call("look")).await.expect("an answer").text(), "nothing leaked");
        assert_eq!(host.log_lines(), [""; 0]);
    }
}

in_every_mode! {
    async fn a_late_callback_of_one_request_cannot_answer_or_hold_another(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.one_isolate_an_owner = true;
            setup.ops = Some(Arc::new(host.clone()));
        });
        // The first request leaves its event behind, and the second one uses it.
        let script = "let left;
            addEventListener('fetch', (event) => {
              if (left === undefined) { left = event; event.respondWith(new Response('first')); return }
              for (const use of [() => left.respondWith(new Response('wrong')), () => left.waitUntil(new Promise(() => {}))]) {
                try { use() } catch (error) { console.log(error.name) }
              }
              event.respondWith(new Response('second'));
            })";
        assert_eq!(text(&runtime, script).await, "first");
        let expected = if fixture.variant.keeps_contexts() { "second" } else { "first" };
        assert_eq!(text(&runtime, script).await, expected);
        if fixture.variant.keeps_contexts() {
            assert_eq!(host.log_lines(), ["InvalidStateError", "InvalidStateError"]);
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn counters_of_one_request_start_again_for_the_next(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.one_isolate_an_owner = true;
            setup.limits.timers = 10;
        });
        let script = handler("for (let count = 0; count < 10; count++) setTimeout(() => {}, 60000);
            console.count('c'); performance.mark('m');
            return new Response(`${performance.getEntries().length} ${performance.now() < 10000}`)");
        for _ in 0..4 {
            assert_eq!(text(&runtime, &*script).await, "1 true");
        }
    }
}

in_every_mode! {
    async fn requests_at_the_same_time_have_contexts_of_their_own(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = "let mine; export default { async fetch(request, env) {
            mine = request.url; await env.GATE.pass(); return new Response(`${mine === request.url}`) } }";
        let call = |number: u32| Call::new(script, Event::get(format!("http://localhost/{number}")));
        let both = [1, 2].map(|number| {
            let (runtime, call) = (runtime.clone(), call(number));
            tokio::spawn(async move { answer(&runtime, call).await.expect("an answer").text() })
        });
        gate.has_begun(2).await;
        gate.allow(2);
        for told in both {
            assert_eq!(told.await.expect("no panic"), "true");
        }
    }
}
