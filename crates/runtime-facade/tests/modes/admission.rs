//! Bounds, queues and eviction, in the modes that have them, and that owners do not starve each other, in all.

use crate::support::*;

/// A runtime with one thread, on which one isolate an owner may be, and so many may wait so long.
fn narrow(variant: Variant, ops: &Host, queue: usize, patience: Duration) -> Runtime {
    Fixture { variant }.runtime_with(|setup| {
        setup.capacity.threads = Some(1);
        setup.capacity.max_isolates = Some(2);
        setup.capacity.max_per_owner = Some(1);
        setup.capacity.queue = Some(queue);
        setup.capacity.queue_timeout = Some(patience);
        setup.ops = Some(Arc::new(ops.clone()));
    })
}

/// Logs its path, then waits for the gate.
fn gated() -> String {
    handler(
        "console.log(new URL(request.url).pathname); await env.GATE.pass(); return new Response('served')",
    )
}

fn spawn(runtime: &Runtime, owner: &str, path: &str) -> tokio::task::JoinHandle<Result<Collected, Failure>> {
    let call = Call::new(gated(), Event::get(format!("http://localhost{path}"))).owner(owner);
    let runtime = runtime.clone();
    tokio::spawn(async move { answer(&runtime, call).await })
}

async fn waiting(runtime: &Runtime, count: usize) {
    until("requests wait", || runtime.stats().mode.waiting == count).await;
}

fn run<F: Future<Output = ()>>(variant: Variant, body: impl FnOnce(Variant) -> F) {
    crate::support::variant::run(variant, |fixture| body(fixture.variant));
}

async fn a_full_queue_refuses(variant: Variant) {
    let (host, gate) = Host::new().with_gate();
    let runtime = narrow(variant, &host, 1, Duration::from_secs(60));
    let first = spawn(&runtime, "owner", "/1");
    gate.has_begun(1).await;
    let second = spawn(&runtime, "owner", "/2");
    waiting(&runtime, 1).await;
    let refused = spawn(&runtime, "owner", "/3").await.expect("no panic").unwrap_err();
    assert_eq!(refused.outcome, Outcome::LoadShed(ShedReason::QueueFull));
    assert_eq!(refused.outcome.http_status(), 503);
    assert!(refused.outcome.retry_after_seconds().is_some_and(|seconds| seconds > 0));
    assert_eq!(refused.report.mode, variant.mode().as_str());
    // Another owner has a place and a queue of its own.
    let other = spawn(&runtime, "other", "/other");
    gate.has_begun(2).await;
    gate.allow(3);
    for request in [first, second, other] {
        assert_eq!(request.await.expect("no panic").expect("it is served").text(), "served");
    }
    assert!(runtime.stats().mode.shed >= 1, "{:?}", runtime.stats().mode);
    settled(&runtime).await;
}

#[test]
fn pinned_refuses_the_third_request_of_an_owner_with_one_isolate_and_one_place_in_the_queue() {
    run(Variant::PinnedFresh, a_full_queue_refuses);
}

#[test]
fn worker_refuses_who_finds_the_queue_full() {
    run(Variant::Worker, a_full_queue_refuses);
}

async fn a_long_wait_ends(variant: Variant) {
    let (host, gate) = Host::new().with_gate();
    let runtime = narrow(variant, &host, 10, Duration::from_millis(100));
    let first = spawn(&runtime, "owner", "/1");
    gate.has_begun(1).await;
    let started = Instant::now();
    let late = spawn(&runtime, "owner", "/2").await.expect("no panic").unwrap_err();
    assert_eq!(late.outcome, Outcome::LoadShed(ShedReason::QueueTimeout));
    assert_eq!(late.outcome.http_status(), 503);
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert!(late.report.queue >= Duration::from_millis(100), "{:?}", late.report);
    gate.allow(1);
    first.await.expect("no panic").expect("it is served");
    settled(&runtime).await;
}

#[test]
fn pinned_refuses_who_has_waited_too_long() {
    run(Variant::PinnedFresh, a_long_wait_ends);
}

#[test]
fn worker_refuses_who_has_waited_too_long() {
    run(Variant::Worker, a_long_wait_ends);
}

async fn the_queue_is_fair(variant: Variant) {
    let (host, gate) = Host::new().with_gate();
    let runtime = narrow(variant, &host, 10, Duration::from_secs(60));
    let mut requests = vec![spawn(&runtime, "owner", "/0")];
    gate.has_begun(1).await;
    for number in 1..=4 {
        requests.push(spawn(&runtime, "owner", &format!("/{number}")));
        waiting(&runtime, number).await;
    }
    for done in 0..5 {
        gate.has_begun(done + 1).await;
        // A newcomer at the very moment at which a place is free goes to the end of the queue.
        if done == 1 {
            requests.push(spawn(&runtime, "owner", "/newcomer"));
            waiting(&runtime, 4).await;
        }
        gate.allow(1);
    }
    gate.allow(1);
    for request in requests {
        request.await.expect("no panic").expect("it is served");
    }
    assert_eq!(host.log_lines(), ["/0", "/1", "/2", "/3", "/4", "/newcomer"]);
}

#[test]
fn pinned_serves_an_owner_in_the_order_of_arrival() {
    run(Variant::PinnedFresh, the_queue_is_fair);
}

#[test]
fn worker_serves_an_owner_in_the_order_of_arrival() {
    run(Variant::Worker, the_queue_is_fair);
}

async fn who_leaves_the_queue_makes_room(variant: Variant) {
    let (host, gate) = Host::new().with_gate();
    let runtime = narrow(variant, &host, 1, Duration::from_secs(60));
    let first = spawn(&runtime, "owner", "/1");
    gate.has_begun(1).await;
    for _ in 0..3 {
        let leaver = spawn(&runtime, "owner", "/leaver");
        waiting(&runtime, 1).await;
        leaver.abort();
        waiting(&runtime, 0).await;
    }
    let second = spawn(&runtime, "owner", "/2");
    waiting(&runtime, 1).await;
    gate.allow(2);
    first.await.expect("no panic").expect("it is served");
    second.await.expect("no panic").expect("it is served");
    assert_eq!(host.log_lines(), ["/1", "/2"]);
    settled(&runtime).await;
}

#[test]
fn pinned_gives_the_place_of_a_dropped_future_to_the_next() {
    run(Variant::PinnedFresh, who_leaves_the_queue_makes_room);
}

#[test]
fn worker_gives_the_place_of_a_dropped_future_to_the_next() {
    run(Variant::Worker, who_leaves_the_queue_makes_room);
}

#[test]
fn pinned_hands_a_free_isolate_to_its_own_owners_waiter() {
    run(Variant::PinnedFresh, async |variant| {
        let (host, gates) = Host::new().with_gate();
        let b_gate = Watched::new();
        let inner = b_gate.clone();
        let host = host.with_bindings(|bindings| {
            bindings.method("B", "pass", move |(): ()| {
                let inner = inner.clone();
                async move {
                    inner.pass().await;
                    Ok::<_, OpError>(())
                }
            })
        });
        let runtime = narrow(variant, &host, 10, Duration::from_secs(60));
        let script = handler(
            "console.log(env.NAME);
            await (env.NAME.startsWith('a') ? env.GATE : env.B).pass(); return new Response('')",
        );
        let start = |owner: &str, name: &str| {
            let code = WorkerCode::from(&*script).env([("NAME", name)]);
            let call = Call::new(code, Event::get("http://localhost/")).owner(owner);
            let runtime = runtime.clone();
            tokio::spawn(async move { answer(&runtime, call).await })
        };
        let mut requests = vec![start("a", "a1")];
        gates.has_begun(1).await;
        requests.push(start("b", "b1"));
        b_gate.has_begun(1).await;
        requests.push(start("a", "a2"));
        waiting(&runtime, 1).await;
        requests.push(start("b", "b2"));
        waiting(&runtime, 2).await;
        b_gate.allow(1);
        b_gate.has_begun(2).await;
        assert_eq!(host.log_lines(), ["a1", "b1", "b2"]);
        b_gate.allow(1);
        gates.allow(2);
        for request in requests {
            request.await.expect("no panic").expect("it is served");
        }
    });
}

#[test]
fn pool_evicts_the_idle_isolate_of_another_worker_and_never_one_in_use() {
    run(Variant::PoolFresh, async |variant| {
        let (host, gate) = Host::new().with_gate();
        let runtime = Fixture { variant }.runtime_with(|setup| {
            setup.capacity.max_isolates = Some(1);
            setup.ops = Some(Arc::new(host.clone()));
        });
        let quick = |worker: &str| {
            Call::new(handler("return new Response('quick')"), Event::get("http://localhost/")).worker(worker)
        };
        for worker in ["a", "b", "a", "b"] {
            assert_eq!(answer(&runtime, quick(worker)).await.expect("an answer").text(), "quick");
            assert!(runtime.stats().mode.isolates <= 1, "{:?}", runtime.stats().mode);
        }
        assert_eq!(runtime.stats().mode.evictions, 3);
        let held = tokio::spawn({
            let runtime = runtime.clone();
            let call = Call::new(gated(), Event::get("http://localhost/held")).worker("held");
            async move { answer(&runtime, call).await }
        });
        gate.has_begun(1).await;
        let waiter = tokio::spawn({
            let (runtime, call) = (runtime.clone(), quick("a"));
            async move { answer(&runtime, call).await }
        });
        waiting(&runtime, 1).await;
        assert!(runtime.stats().mode.isolates <= 1, "{:?}", runtime.stats().mode);
        gate.allow(1);
        assert_eq!(held.await.expect("no panic").expect("it is served").text(), "served");
        assert_eq!(waiter.await.expect("no panic").expect("it is served").text(), "quick");
        settled(&runtime).await;
    });
}

#[test]
fn pool_reuses_the_isolate_of_a_known_worker() {
    run(Variant::PoolFresh, async |variant| {
        let runtime = Fixture { variant }.runtime();
        for _ in 0..10 {
            text(&runtime, handler("return new Response('')")).await;
        }
        let stats = runtime.stats().mode;
        assert_eq!((stats.hits, stats.misses, stats.isolates, stats.idle), (9, 1, 1, 1), "{stats:?}");
    });
}

#[test]
fn pool_starts_are_cold_then_prepared_then_warm() {
    run(Variant::PoolReuse, async |variant| {
        use runtime_facade::Start;
        let runtime = Fixture { variant }.cramped();
        let mut starts = Vec::new();
        for _ in 0..5 {
            let call = Call::new(handler("return new Response('')"), Event::get("http://localhost/"));
            starts.push(answer(&runtime, call).await.expect("an answer").report.start);
        }
        // The first isolate is made for the request, or stood by.
        assert!(matches!(starts[0], Start::Cold | Start::Standby), "{starts:?}");
        assert_eq!(starts[1..], [Start::Warm, Start::Warm, Start::Prepared, Start::Warm]);
    });
}

#[test]
fn pinned_spreads_one_owner_over_its_threads() {
    run(Variant::PinnedFresh, async |variant| {
        let (host, gate) = Host::new().with_gate();
        let runtime = Fixture { variant }.runtime_with(|setup| {
            setup.capacity.threads = Some(3);
            setup.capacity.max_per_owner = Some(1);
            setup.ops = Some(Arc::new(host.clone()));
        });
        let requests: Vec<_> = (0..3).map(|number| spawn(&runtime, "owner", &format!("/{number}"))).collect();
        // One isolate a thread: all three run at once only if each is on a thread of its own.
        gate.has_begun(3).await;
        gate.allow(3);
        for request in requests {
            request.await.expect("no panic").expect("it is served");
        }
    });
}

#[test]
fn no_mode_makes_more_isolates_than_it_may() {
    for variant in Variant::ALL {
        run(variant, async |variant| {
            let runtime = Fixture { variant }.runtime_with(|setup| {
                setup.capacity.threads = Some(1);
                setup.capacity.max_isolates = Some(2);
                setup.capacity.queue = Some(1_000);
                setup.capacity.queue_timeout = Some(Duration::from_secs(60));
            });
            let script = handler("await new Promise((go) => setTimeout(go, 1)); return new Response('')");
            let requests: Vec<_> = (0..40)
                .map(|number| {
                    let call = Call::new(&*script, Event::get("http://localhost/"))
                        .owner(format!("owner-{}", number % 5));
                    let runtime = runtime.clone();
                    tokio::spawn(async move { answer(&runtime, call).await.map(|_| ()) })
                })
                .collect();
            let mut most = 0;
            until("all requests are done", || {
                most = most.max(runtime.stats().mode.isolates);
                requests.iter().all(tokio::task::JoinHandle::is_finished)
            })
            .await;
            for request in requests {
                request.await.expect("no panic").expect("it is served");
            }
            assert!((1..=2).contains(&most), "{most} isolates at once in {variant:?}");
        });
    }
}

in_every_mode! {
    async fn one_owners_flood_does_not_starve_another(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.with_places(2, 2, &host);
        let mut requests: Vec<_> = (0..40).map(|_| spawn(&runtime, "flood", "/flood")).collect();
        gate.has_begun(2).await;
        waiting(&runtime, 38).await;
        requests.push(spawn(&runtime, "modest", "/modest"));
        waiting(&runtime, 39).await;
        for ended in 1..=41 {
            gate.allow(1);
            gate.has_begun((ended + 2).min(41)).await;
        }
        for request in requests {
            request.await.expect("no panic").expect("it is served");
        }
        let lines = host.log_lines();
        let place = lines.iter().position(|path| path == "/modest").expect("it was served");
        // Where an isolate must be made anew for another owner, its own owner may use it a few times before.
        assert!(place < 16, "the modest owner's one request came after {place} of the other's");
        settled(&runtime).await;
    }
}

#[test]
fn shared_bounds_what_one_owner_has_on_a_thread_and_in_the_queue() {
    run(Variant::Shared, a_full_queue_refuses);
    run(Variant::Shared, a_long_wait_ends);
    run(Variant::Shared, the_queue_is_fair);
    run(Variant::Shared, who_leaves_the_queue_makes_room);
}

#[test]
fn shared_has_no_more_threads_than_isolates() {
    run(Variant::Shared, async |variant| {
        let runtime = Fixture { variant }.runtime_with(|setup| {
            setup.capacity.threads = Some(4);
            setup.capacity.max_isolates = Some(2);
        });
        assert_eq!(runtime.stats().mode.capacity, 2);
        for _ in 0..8 {
            text(&runtime, handler("return new Response('')")).await;
        }
        assert_eq!(runtime.stats().mode.isolates, 2);
    });
}

#[test]
fn shared_gives_each_owner_an_isolate_of_its_own_if_asked() {
    use runtime_facade::{Mode, SharedConfig};
    run(Variant::Shared, async |variant| {
        drop(Fixture { variant }.runtime());
        let config = SharedConfig { threads: 1, one_owner_per_isolate: true, ..SharedConfig::default() };
        let (host, gate) = Host::new().with_gate();
        let runtime =
            Runtime::builder().mode(Mode::Shared(config)).limits(ample_limits()).ops(Arc::new(host)).build();
        let runtime = runtime.expect("it can be built");
        let held = [spawn(&runtime, "a", "/1"), spawn(&runtime, "a", "/2")];
        gate.has_begun(2).await;
        let other = spawn(&runtime, "b", "/3");
        until("the other owner has a permit", || runtime.stats().mode.in_use == 3).await;
        assert_eq!(
            (runtime.stats().mode.isolates, gate.begun()),
            (1, 2),
            "two owners never meet in an isolate"
        );
        gate.allow(3);
        for request in held.into_iter().chain([other]) {
            assert_eq!(request.await.expect("no panic").expect("it is served").text(), "served");
        }
        let stats = runtime.stats().mode;
        assert_eq!((stats.isolates, stats.misses, stats.evictions), (1, 2, 1), "{stats:?}");
    });
}
