//! Mistakes that other products of this kind have shipped: each test is named after what does not happen here. The
//! behaviour around each is tested at its place; these are the shortest forms of the mistakes themselves.

use std::sync::OnceLock;
use std::task::Poll;

use futures_util::FutureExt as _;
use runtime_facade::{Pool, PoolConfig, Worker};

use crate::support::*;

/// A runtime on whose one thread requests of one owner follow each other in one isolate.
fn narrow(fixture: Fixture, host: &Host) -> Runtime {
    fixture.runtime_with(|setup| {
        setup.capacity.threads = Some(1);
        setup.capacity.max_isolates = Some(1);
        setup.one_isolate_an_owner = true;
        setup.limits.heap_max_mb = 32;
        setup.ops = Some(Arc::new(host.clone()));
    })
}

fn get(code: impl Into<WorkerCode>, path: &str) -> Call {
    Call::new(code, Event::get(format!("http://localhost{path}")))
}

in_every_mode! {
    async fn a_wall_clock_limit_wakes_a_request_that_sleeps_on_a_promise(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.wall_ms = 1_000);
        let sleeping = handler("await new Promise((go) => { globalThis.go = go }); return new Response('woken')");
        let failure = answer(&runtime, get(sleeping, "/")).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ExceededWallTime);
    }
}

#[test]
fn a_response_of_one_request_is_not_returned_to_the_next_when_a_worker_is_used_twice() {
    crate::support::variant::run(Variant::Worker, async |fixture| {
        drop(fixture.runtime());
        let (host, gate) = Host::new().with_gate();
        let script = handler(
            "const { pathname } = new URL(request.url);
            if (pathname === '/slow') await env.GATE.pass();
            return new Response(pathname)",
        );
        let worker = Worker::new_with_ops(script, ample_limits(), Arc::new(host)).await;
        let mut worker = worker.expect("it is fine");
        // The first caller goes away before its answer is there; the second must not get it.
        tokio::select! {
            _ = worker.exec(Event::get("http://localhost/slow")) => panic!("nobody let it pass"),
            () = gate.has_begun(1) => {}
        }
        for path in ["/quick", "/again"] {
            let execution = worker.exec(Event::get(format!("http://localhost{path}"))).await.expect("runs");
            assert_eq!(execution.collect().await.expect("an answer").text(), path);
        }
    });
}

in_every_mode! {
    async fn a_range_error_that_was_caught_does_not_fail_every_later_request(fixture: Fixture) {
        let runtime = narrow(fixture, &Host::new());
        let script = handler("try { new ArrayBuffer(1 << 30) } catch (error) { return new Response(error.name) }");
        assert_eq!(text(&runtime, script).await, "RangeError");
        for _ in 0..5 {
            let script = handler("return new Response(`${new Uint8Array(1 << 20).length}`)");
            assert_eq!(text(&runtime, script).await, "1048576");
        }
    }
}

in_every_mode! {
    async fn timers_and_intervals_of_one_request_do_not_fire_in_the_next(fixture: Fixture) {
        let host = Host::new();
        let runtime = narrow(fixture, &host);
        let script = "let fired = 0; export default { async fetch(request) {
            if (request.url.endsWith('/arm')) {
              setInterval(() => { fired += 1; console.log('fired') }, 1);
              setTimeout(() => { fired += 1; console.log('fired') }, 5);
              return new Response('armed');
            }
            await new Promise((go) => setTimeout(go, 30));
            return new Response(`${fired}`);
          } }";
        assert_eq!(answer(&runtime, get(script, "/arm")).await.expect("an answer").text(), "armed");
        assert_eq!(answer(&runtime, get(script, "/wait")).await.expect("an answer").text(), "0");
        assert_eq!(host.log_lines(), [""; 0]);
    }
}

in_every_mode! {
    async fn a_stale_terminate_flag_does_not_fail_the_next_request(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = narrow(fixture, &host);
        let script = handler("if (request.url.endsWith('/wait')) await env.GATE.pass();
            if (request.url.endsWith('/stream')) return new Response(new ReadableStream({
              start(controller) { controller.enqueue(new Uint8Array(1)) } }));
            return new Response('served')");
        for _ in 0..10 {
            // Told to stop while no JavaScript runs, in two ways.
            let begun = gate.begun();
            let waiting = tokio::spawn({
                let (runtime, call) = (runtime.clone(), get(&*script, "/wait"));
                async move { runtime.execute(call).await }
            });
            gate.has_begun(begun + 1).await;
            waiting.abort();
            let _ = waiting.await;
            assert_eq!(text(&runtime, &*script).await, "served");
            let execution = within("the response", runtime.execute(get(&*script, "/stream"))).await.expect("runs");
            drop(execution.response);
            assert_eq!(text(&runtime, &*script).await, "served");
        }
    }
}

in_every_mode! {
    async fn a_rejected_wait_until_does_not_replace_a_good_response_by_a_500(fixture: Fixture) {
        let runtime = fixture.runtime();
        for script in [
            handler("ctx.waitUntil(Promise.reject(new Error('bad'))); return new Response('good')"),
            handler("ctx.waitUntil(Promise.reject(new Error('bad')));
                await new Promise((go) => setTimeout(go, 5)); return new Response('good')"),
            classic("event.waitUntil(Promise.reject(new Error('bad'))); event.respondWith(new Response('good'))"),
        ] {
            let collected = answer(&runtime, get(&*script, "/")).await.unwrap_or_else(|failure| panic!("{failure}"));
            assert_eq!((collected.status, &*collected.text()), (200, "good"));
        }
    }
}

in_every_mode! {
    async fn a_warm_context_does_not_miss_an_environment_change(fixture: Fixture) {
        let runtime = narrow(fixture, &Host::new());
        let code = WorkerCode::from("let first; export default { fetch(request, env) {
            first ??= env.KEY; return new Response(`${first} ${env.KEY}`) } }");
        for value in ["old", "old", "new", "new", "old"] {
            assert_eq!(text(&runtime, code.clone().env([("KEY", value)])).await, format!("{value} {value}"));
        }
    }
}

in_every_mode! {
    async fn a_cache_is_not_keyed_by_the_worker_without_its_version(fixture: Fixture) {
        let runtime = narrow(fixture, &Host::new());
        for version in ["one", "one", "two", "one", "two"] {
            let script = handler(&format!("return new Response('{version}')"));
            let collected = answer(&runtime, get(script, "/").worker("same")).await.expect("an answer");
            assert_eq!(collected.text(), version);
        }
    }
}

in_every_mode! {
    async fn host_io_does_not_outlive_the_request_that_asked_for_it(fixture: Fixture) {
        let watched = Watched::new();
        let (upstream, seen) = (watched.clone(), watched.clone());
        let host = Host::new()
            .on_fetch(move |_| {
                let upstream = upstream.clone();
                async move {
                    upstream.pass().await;
                    Err(OpError::new("it was let through"))
                }
            })
            .with_bindings(|bindings| {
                bindings.method("UPSTREAM", "isAsked", move |(): ()| {
                    let is_asked = seen.has_begun(1);
                    async move {
                        is_asked.await;
                        Ok::<(), OpError>(())
                    }
                })
            });
        let runtime = narrow(fixture, &host);
        let script = handler("fetch('http://upstream/').catch(() => {});
            await env.UPSTREAM.isAsked(); return new Response('answered')");
        assert_eq!(text(&runtime, script).await, "answered");
        assert_eq!(watched.begun(), 1);
        watched.are_alive(0).await;
        settled(&runtime).await;
    }
}

/// Logs its name, then waits for the gate.
fn queuer(runtime: &Runtime, owner: &str, name: &str) -> tokio::task::JoinHandle<Result<Collected, Failure>> {
    let script = handler("console.log(env.NAME); await env.GATE.pass(); return new Response(env.NAME)");
    let code = WorkerCode::from(script).env([("NAME", name)]);
    let call = Call::new(code, Event::get("http://localhost/")).owner(owner).worker(owner);
    let runtime = runtime.clone();
    tokio::spawn(async move { answer(&runtime, call).await })
}

async fn waiting(runtime: &Runtime, count: usize) {
    until("requests wait", || runtime.stats().mode.waiting == count).await;
}

async fn served(requests: Vec<tokio::task::JoinHandle<Result<Collected, Failure>>>) {
    for request in requests {
        request.await.expect("no panic").unwrap_or_else(|failure| panic!("{failure}"));
    }
}

in_every_mode! {
    async fn a_queue_does_not_wake_the_wrong_owners_waiter_and_send_it_back_to_the_tail(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.with_places(2, 1, &host);
        let mut requests = Vec::new();
        for (count, owner) in ["a", "b"].into_iter().enumerate() {
            requests.push(queuer(&runtime, owner, &format!("{owner}1")));
            gate.has_begun(count + 1).await;
        }
        for (count, (owner, name)) in [("b", "b2"), ("a", "a2"), ("a", "a3"), ("b", "b3")].into_iter().enumerate() {
            requests.push(queuer(&runtime, owner, name));
            waiting(&runtime, count + 1).await;
        }
        // Whoever ends, its own owner's first waiter is next: were another's woken, it would find no place of its own,
        // and lose its turn.
        for begun in 3..=6 {
            gate.allow(1);
            gate.has_begun(begun).await;
        }
        gate.allow(2);
        served(requests).await;
        let lines = host.log_lines();
        for owner in ["a", "b"] {
            let own: Vec<_> = lines.iter().filter(|name| name.starts_with(owner)).collect();
            assert_eq!(own, [&format!("{owner}1"), &format!("{owner}2"), &format!("{owner}3")], "{lines:?}");
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn newcomers_do_not_barge_in(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.with_places(1, 1, &host);
        let mut requests = vec![queuer(&runtime, "owner", "0")];
        gate.has_begun(1).await;
        for number in 1..=5 {
            requests.push(queuer(&runtime, "owner", &number.to_string()));
            waiting(&runtime, number).await;
        }
        for number in 6..=10 {
            // They come at the moment at which the place is free.
            gate.allow(1);
            requests.push(queuer(&runtime, "owner", "newcomer"));
            gate.has_begun(number - 4).await;
        }
        gate.allow(6);
        served(requests).await;
        let lines = host.log_lines();
        assert_eq!(lines[..6], ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(lines[6..], ["newcomer"; 5]);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn places_are_not_overcommitted_without_bound(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.with_places(3, 2, &host);
        let requests: Vec<_> =
            (0..40).map(|number| queuer(&runtime, &format!("owner-{}", number % 8), "guest")).collect();
        waiting(&runtime, 37).await;
        for ended in 1..=40 {
            let under_way = runtime.stats().mode;
            assert!(under_way.in_use <= 3 && under_way.isolates <= 3, "{under_way:?}");
            assert!(gate.alive() <= 3, "{} guests at once", gate.alive());
            gate.allow(1);
            // Not that another has begun: the last ones may all be of one owner, who has no more than two places.
            until("one more is served", || requests.iter().filter(|request| request.is_finished()).count() >= ended)
                .await;
        }
        served(requests).await;
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_dropped_future_does_not_leak_its_place(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = narrow(fixture, &host);
        let waits = handler("await env.GATE.pass(); return new Response('')");
        for _ in 0..30 {
            let begun = gate.begun();
            let waiting = tokio::spawn({
                let (runtime, call) = (runtime.clone(), get(&*waits, "/"));
                async move { runtime.execute(call).await }
            });
            gate.has_begun(begun + 1).await;
            waiting.abort();
        }
        settled(&runtime).await;
        assert_eq!(runtime.stats().mode.waiting, 0);
        assert_eq!(text(&runtime, handler("return new Response('served')")).await, "served");
    }
}

in_every_mode! {
    async fn a_worker_that_calls_itself_does_not_deadlock_on_its_own_isolate(fixture: Fixture) {
        let own: Arc<OnceLock<Runtime>> = Arc::default();
        let script = handler("if (request.url.endsWith('/inner')) return new Response('inner');
            const { status } = await fetch('http://localhost/inner'); return new Response(`outer ${status}`)");
        let (back, inner) = (Arc::clone(&own), script.clone());
        let host = Host::new().on_fetch(move |request| {
            let (back, call) = (Arc::clone(&back), get(&*inner, "/inner"));
            async move {
                let executed = back.get().expect("the runtime is there").execute(call).await;
                let status = executed.as_ref().map_or_else(|failure| failure.outcome.http_status(), |_| 200);
                Ok(crate::support::host::fetched(request.url, status, ""))
            }
        });
        // One isolate in all: whoever cannot share it is refused in time, and nobody waits for himself.
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.one_isolate_an_owner = true;
            setup.capacity.queue_timeout = Some(Duration::from_millis(200));
            setup.ops = Some(Arc::new(host));
        });
        assert!(own.set(runtime.clone()).is_ok());
        let shares = matches!(fixture.variant, Variant::PoolFresh | Variant::PoolReuse | Variant::Shared);
        let expected = if shares { "outer 200" } else { "outer 503" };
        assert_eq!(text(&runtime, &*script).await, expected);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_body_stream_does_not_die_with_the_task_that_made_it(fixture: Fixture) {
        let runtime = fixture.runtime();
        let script = handler("const { readable, writable } = new TransformStream();
            (async () => {
              const writer = writable.getWriter();
              for (const part of ['a', 'b', 'c']) {
                await new Promise((go) => setTimeout(go, 2));
                await writer.write(new TextEncoder().encode(part));
              }
              await writer.close();
            })();
            return new Response(readable)");
        // The execution's future is long gone when the body is read.
        let execution = tokio::spawn({
            let runtime = runtime.clone();
            async move { runtime.execute(get(script, "/")).await }
        });
        let execution = execution.await.expect("no panic").expect("runs");
        assert_eq!(within("the body", execution.collect()).await.expect("all goes well").text(), "abc");
    }
}

in_every_mode! {
    async fn a_guest_stream_error_does_not_turn_into_a_clean_end(fixture: Fixture) {
        let runtime = fixture.runtime();
        for fault in ["controller.error(new Error('broken'))", "throw new Error('broken')", "return Promise.reject('broken')"] {
            let script = handler(&format!("let count = 0; return new Response(new ReadableStream({{
                pull(controller) {{ if (count++ < 2) controller.enqueue(new Uint8Array(9)); else {{ {fault} }} }} }}))"));
            let execution = within("the response", runtime.execute(get(script, "/"))).await.expect("runs");
            within("the body", execution.response.body.collect()).await.expect_err(fault);
            assert_eq!(within("the end", execution.end).await.outcome, Outcome::Exception, "{fault}");
        }
    }
}

in_every_mode! {
    async fn backpressure_is_not_only_declared(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        let script = handler("let pulled = 0;
            ctx.waitUntil((async () => {
              for (let ticks = 0; ticks < 20; ticks++) await new Promise((go) => setTimeout(go, 0));
              console.log(`pulled ${pulled}`) })());
            return new Response(new ReadableStream({ type: 'bytes',
              pull(controller) { pulled += 1; controller.enqueue(new Uint8Array(1 << 16)) } }))");
        let execution = within("the response", runtime.execute(get(script, "/"))).await.expect("runs");
        host.logged("pulled ").await;
        let pulled: usize = host.log_lines()[0]["pulled ".len()..].parse().expect("a number");
        assert!(pulled <= 4, "{pulled} chunks of 64 KiB were pulled although nobody read any");
        drop(execution);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn set_cookie_headers_are_not_folded_into_one(fixture: Fixture) {
        let script = handler("const headers = new Headers(); headers.append('set-cookie', 'a=1');
            headers.append('set-cookie', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT');
            const copied = new Response('', new Response('', { headers }));
            return new Response(copied.headers.getSetCookie().join('|'), { headers: copied.headers })");
        let collected = answer(&fixture.runtime(), get(script, "/")).await.expect("an answer");
        assert_eq!(collected.headers.get_all("set-cookie").iter().count(), 2);
        assert_eq!(collected.text(), "a=1|b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
    }
}

in_every_mode! {
    async fn a_request_body_is_not_lost_because_something_peeked_at_it(fixture: Fixture) {
        let runtime = fixture.runtime();
        for peek in [
            "request.body; request.bodyUsed;",
            "request.clone();",
            "await request.clone().text();",
            "request = new Request(request);",
            "request = new Request(request, { headers: { 'x-a': '1' } });",
            "const [one, two] = request.body.tee(); await new Response(one).text(); request = new Response(two);",
        ] {
            let script = handler(&format!("{peek} return new Response(await request.text())"));
            let request = Request { body: "the body".into(), ..Request::new(http::Method::POST, "http://localhost/") };
            let collected = answer(&runtime, Call::new(script, request)).await;
            assert_eq!(collected.unwrap_or_else(|failure| panic!("{peek}: {failure}")).text(), "the body", "{peek}");
        }
    }
}

in_every_mode! {
    async fn console_log_is_not_lost_when_the_guest_never_yields(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 50;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("console.log('before the loop'); for (;;);");
        assert_eq!(answer(&runtime, get(script, "/")).await.unwrap_err().outcome, Outcome::ExceededCpu);
        assert_eq!(host.log_lines(), ["before the loop"]);
    }
}

in_every_mode! {
    async fn a_panic_in_a_host_op_does_not_take_the_process_down(fixture: Fixture) {
        #[derive(Clone)]
        struct Clumsy;
        impl runtime_facade::Ops for Clumsy {
            fn fetch(
                &self,
                _request: FetchRequest,
            ) -> futures_util::future::BoxFuture<'static, Result<FetchResponse, OpError>> {
                panic!("fetch panics, as this test wants it to");
            }
            fn log(&self, _record: runtime_facade::LogRecord) {
                panic!("log panics, as this test wants it to");
            }
        }
        let runtime = fixture.runtime_for(&Clumsy);
        let script = handler("console.log('x');
            return new Response(await fetch('http://upstream/').catch((error) => `caught ${error.name}`))");
        for _ in 0..2 {
            assert_eq!(text(&runtime, &*script).await, "caught Error");
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn an_op_that_never_returns_does_not_keep_its_request(fixture: Fixture) {
        let host = Host::new().on_fetch(|_| std::future::pending());
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.wall_ms = 1_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let failure = answer(&runtime, get(handler("return fetch('http://upstream/')"), "/")).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::ExceededWallTime);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn what_is_documented_as_503_is_not_sent_as_500(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 50;
            setup.limits.heap_max_mb = 32;
        });
        let status = async |body: &str| {
            answer(&runtime, get(handler(body), "/")).await.expect_err(body).outcome.http_status()
        };
        assert_eq!(status("for (;;);").await, 503);
        assert_eq!(status("throw new Error('a 503 is not this')").await, 500);
        runtime.shutdown(Duration::from_secs(10)).await;
        assert_eq!(status("return new Response('too late')").await, 503);
    }
}

in_every_mode! {
    async fn limits_do_not_leave_out_the_scripts_top_level(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.wall_ms = 2_000;
            setup.limits.heap_max_mb = 32;
        });
        let outcome = async |script: &str, startup_cpu_ms: u64| {
            let limits = RuntimeLimits { startup_cpu_ms, ..runtime.limits().clone() };
            answer(&runtime, get(script, "/").limits(limits)).await.expect_err(script).outcome
        };
        assert_eq!(outcome("for (;;); export default {}", 50).await, Outcome::ExceededCpu);
        let waiting = "await new Promise(() => {}); export default {}";
        assert_eq!(outcome(waiting, 5_000).await, Outcome::ExceededWallTime);
        let buffers = "const all = []; for (;;) all.push(new ArrayBuffer(1 << 22))";
        assert_eq!(outcome(buffers, 5_000).await, Outcome::Exception);
    }
}

#[test]
fn isolates_are_not_created_while_every_other_tenant_waits() {
    crate::support::variant::run(Variant::PoolFresh, async |fixture| {
        drop(fixture.runtime());
        let config = PoolConfig { threads: 1, ..PoolConfig::default() };
        let pool = Pool::new(config, ample_limits()).expect("it can be made");
        drop(within("an isolate", pool.acquire("known")).await.expect("there is room"));
        for number in 0..20 {
            // The stranger's isolate is being made, which takes a millisecond: this future is pending until then.
            let stranger = format!("stranger-{number}");
            let mut creating = Box::pin(pool.acquire(&stranger));
            let is_pending =
                std::future::poll_fn(|cx| Poll::Ready(creating.as_mut().poll(cx).is_pending())).await;
            let known = pool.acquire("known").now_or_never();
            assert!(
                known.is_some_and(|acquired| acquired.is_ok()),
                "a hit waited for another worker's isolate"
            );
            if is_pending {
                drop(within("an isolate", creating).await.expect("there is room"));
            }
        }
        assert_eq!(pool.stats().misses, 21);
    });
}
