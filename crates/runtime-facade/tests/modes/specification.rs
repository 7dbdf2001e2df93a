//! The names of the specification, with its parameters and their meaning.

use std::cell::RefCell;

use runtime_facade::{
    ExecutionContext, NoOps, Pool, PoolConfig, SharedIsolate, Worker, execute_pinned, execute_pooled,
    init_pinned_pool, init_pinned_pool_full, init_pinned_pool_with_owner_limit, init_pool, pinned_pool_stats,
    pinned_thread_stats, pool_stats,
};

use crate::support::*;

fn run<F: Future<Output = ()>>(body: impl FnOnce() -> F) {
    crate::support::variant::run(Variant::Worker, |fixture| {
        // The suite's own setup of V8 comes first.
        drop(fixture.runtime());
        body()
    });
}

async fn said(execution: Execution) -> String {
    within("the body", execution.collect()).await.unwrap_or_else(|failure| panic!("{failure}")).text()
}

const COUNTER: &str = "let count = 0; export default { async fetch(request) {
    const mine = ++count; await new Promise((go) => setTimeout(go, 1));
    return new Response(`${mine} ${new URL(request.url).pathname}`) } }";

#[test]
fn the_process_wide_pool_executes_once_initialised() {
    run(async || {
        init_pool(50, ample_limits()).expect("it can be made");
        init_pool(50, ample_limits()).expect("the same again is fine");
        let error = init_pool(51, ample_limits()).expect_err("it is there already").to_string();
        assert!(error.contains("50") && error.contains("51"), "{error}");
        for number in 0..3 {
            let event = Event::get(format!("http://localhost/{number}"));
            let execution = execute_pooled("worker-id", COUNTER, Arc::new(NoOps), event).await.expect("runs");
            assert_eq!(said(execution).await, format!("1 /{number}"));
        }
        let stats = pool_stats().expect("the pool is there");
        assert_eq!((stats.capacity, stats.misses, stats.hits), (50, 1, 2), "{stats:?}");
    });
}

#[test]
fn an_acquired_isolate_is_held_until_dropped_and_found_again() {
    run(async || {
        let config = PoolConfig { max_isolates: 1, queue_timeout_ms: 20, ..PoolConfig::default() };
        let pool = Pool::new(config, ample_limits()).expect("it can be made");
        let first = pool.acquire("worker-id").await.expect("there is room");
        let isolate = Arc::clone(first.isolate());
        let failure = pool.acquire("another").await.err().expect("the only place is taken");
        assert_eq!(failure.outcome, Outcome::LoadShed(ShedReason::QueueTimeout));
        drop(first);
        let again = pool.acquire("worker-id").await.expect("it is free again");
        assert!(Arc::ptr_eq(&isolate, again.isolate()), "a hit gives the same isolate");
        assert_eq!(again.locked(|_token| 7).await, 7);
        drop(again);
        let other = pool.acquire("another").await.expect("the idle one makes room");
        assert!(!Arc::ptr_eq(&isolate, other.isolate()), "and is not handed over");
        let stats = pool.stats();
        assert_eq!((stats.hits, stats.misses, stats.evictions, stats.isolates), (1, 2, 1, 1), "{stats:?}");
    });
}

#[test]
fn the_pinned_pools_of_callers_threads_are_each_their_own() {
    run(async || {
        let init = |queue| init_pinned_pool_full(10, Some(1), queue, 5_000, ample_limits());
        init(1).expect("they can be set up");
        init(1).expect("the same again is fine");
        let error = init(2).expect_err("they are set up already").to_string();
        assert!(error.contains("queue_per_owner: 1") && error.contains("queue_per_owner: 2"), "{error}");
        // The shorter forms are other setups of the same; the message shows what each of them means.
        let error = init_pinned_pool(20, ample_limits()).expect_err("they are set up already").to_string();
        assert!(error.contains("max_isolates_per_thread: 20, max_per_owner: None"), "{error}");
        let error =
            init_pinned_pool_with_owner_limit(30, Some(3), ample_limits()).expect_err("likewise").to_string();
        assert!(error.contains("max_isolates_per_thread: 30, max_per_owner: Some(3)"), "{error}");
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                std::thread::spawn(move || {
                    let executor =
                        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
                    let local = tokio::task::LocalSet::new();
                    local.block_on(&executor, async move {
                        for number in 0..3 {
                            let event = Event::get(format!("http://localhost/{thread}/{number}"));
                            let execution = execute_pinned("owner-id", COUNTER, Arc::new(NoOps), event);
                            let execution = execution.await.unwrap_or_else(|failure| panic!("{failure}"));
                            assert_eq!(said(execution).await, format!("1 /{thread}/{number}"));
                        }
                        let own = pinned_thread_stats().expect("this thread has a pool");
                        assert_eq!((own.isolates, own.misses, own.hits), (1, 1, 2), "{own:?}");
                        // One isolate and one place in the queue: of three at once, one is refused.
                        let three = [(); 3].map(|()| {
                            tokio::task::spawn_local(async {
                                execute_pinned(
                                    "busy",
                                    COUNTER,
                                    Arc::new(NoOps),
                                    Event::get("http://localhost/"),
                                )
                                .await
                            })
                        });
                        let mut refused = 0;
                        for one in three {
                            match one.await.expect("no panic") {
                                Ok(execution) => drop(said(execution).await),
                                Err(failure) => {
                                    assert_eq!(failure.outcome, Outcome::LoadShed(ShedReason::QueueFull));
                                    refused += 1;
                                }
                            }
                        }
                        assert_eq!(refused, 1);
                    });
                })
            })
            .collect();
        until("the threads are done", || threads.iter().all(std::thread::JoinHandle::is_finished)).await;
        for thread in threads {
            thread.join().expect("every thread was served");
        }
        assert_eq!(pinned_pool_stats().map(|stats| stats.mode), Some("pinned"));
        assert!(pinned_thread_stats().is_none(), "this thread has used no pool");
    });
}

#[test]
fn a_worker_runs_several_tasks_in_a_row_each_with_its_own_response() {
    run(async || {
        let mut worker = Worker::new(COUNTER, ample_limits()).await.expect("the script is fine");
        for number in 1..=5 {
            let event = Event::get(format!("http://localhost/{number}"));
            let execution = worker.exec(event).await.expect("runs");
            assert_eq!(said(execution).await, format!("{number} /{number}"));
        }
    });
}

#[test]
fn a_worker_has_the_operations_that_it_was_given() {
    run(async || {
        let host = Host::new().on_fetch(|request| async move {
            Ok(crate::support::host::fetched(request.url, 200, "fetched"))
        });
        let script = "console.log('top level'); export default {
            async fetch() { return fetch('http://upstream/') }, scheduled() { console.log('scheduled') },
            task(task) { return task.payload } }";
        let mut worker =
            Worker::new_with_ops(script, ample_limits(), Arc::new(host.clone())).await.expect("it is fine");
        assert_eq!(host.log_lines(), ["top level"]);
        assert_eq!(said(worker.exec(Event::get("http://localhost/")).await.expect("runs")).await, "fetched");
        worker.exec(Scheduled::default()).await.expect("runs");
        assert!(host.has_logged("scheduled"));
        let event = Task { payload: serde_json::json!([1]), ..Task::default() };
        assert_eq!(said(worker.exec(event).await.expect("runs")).await, "[1]");
    });
}

#[test]
fn a_worker_with_a_bad_script_is_refused_when_it_is_made() {
    run(async || {
        let made = async |script: &str| Worker::new(script, ample_limits()).await.expect_err(script).outcome;
        assert_eq!(made("export default {").await, Outcome::ScriptError(ScriptFault::Compile));
        assert_eq!(made("throw new Error('top')").await, Outcome::Exception);
        let tight = RuntimeLimits { startup_cpu_ms: 50, ..RuntimeLimits::default() };
        let failure = Worker::new("for (;;);", tight).await.expect_err("it never ends");
        assert_eq!(failure.outcome, Outcome::ExceededCpu);
    });
}

#[test]
fn a_worker_can_be_aborted_and_used_again() {
    run(async || {
        let host = Host::new();
        let script = handler(
            "if (request.url.endsWith('/loop')) { console.log('looping'); for (;;); }
            return new Response('served')",
        );
        let limits = RuntimeLimits { cpu_ms: 60_000, wall_ms: 60_000, ..ample_limits() };
        let mut worker =
            Worker::new_with_ops(script, limits, Arc::new(host.clone())).await.expect("it is fine");
        let handle = worker.abort_handle();
        let aborter = tokio::spawn({
            let logged = host.logged("looping");
            async move {
                logged.await;
                handle.abort();
            }
        });
        let failure =
            within("the abort", worker.exec(Event::get("http://localhost/loop"))).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Canceled);
        aborter.await.expect("no panic");
        assert_eq!(said(worker.exec(Event::get("http://localhost/")).await.expect("runs")).await, "served");
        worker.abort();
        let failure = worker.exec(Event::get("http://localhost/")).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Canceled, "without a running task, the next one is stopped");
        assert_eq!(said(worker.exec(Event::get("http://localhost/")).await.expect("runs")).await, "served");
    });
}

#[test]
fn a_worker_goes_on_after_a_task_that_cost_its_isolate() {
    run(async || {
        let script = handler(
            "if (request.url.endsWith('/bomb')) { const all = []; for (;;) all.push([all.length]) }
            return new Response('served')",
        );
        let limits = RuntimeLimits { heap_max_mb: 32, ..ample_limits() };
        let mut worker = Worker::new(script, limits).await.expect("it is fine");
        for _ in 0..2 {
            let failure = worker.exec(Event::get("http://localhost/bomb")).await.unwrap_err();
            assert_eq!(failure.outcome, Outcome::ExceededMemory);
            assert_eq!(
                said(worker.exec(Event::get("http://localhost/")).await.expect("runs")).await,
                "served"
            );
        }
    });
}

#[test]
fn workers_can_be_interleaved_moved_and_dropped_in_any_order() {
    fn is_send<T: Send>(_: &T) {}
    run(async || {
        let mut workers = Vec::new();
        for _ in 0..4 {
            workers.push(Worker::new(COUNTER, ample_limits()).await.expect("it is fine"));
        }
        is_send(&workers[0]);
        for round in 1..=3 {
            for worker in &mut workers {
                let execution = worker.exec(Event::get("http://localhost/")).await.expect("runs");
                assert_eq!(said(execution).await, format!("{round} /"));
            }
        }
        // First in, first out; each on another thread.
        for mut worker in workers {
            let moved = tokio::task::spawn_blocking(move || {
                let executor =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
                executor.block_on(async {
                    let execution = worker.exec(Event::get("http://localhost/")).await.expect("runs");
                    assert_eq!(said(execution).await, "4 /");
                    drop(worker);
                });
            });
            moved.await.expect("a worker can be moved");
        }
    });
}

#[test]
fn a_shared_isolate_serves_one_context_after_another() {
    thread_local! {
        static ISOLATE: RefCell<SharedIsolate> = RefCell::new(SharedIsolate::new(ample_limits()));
    }
    run(async || {
        for _ in 0..3 {
            let context =
                ISOLATE.with_borrow_mut(|isolate| ExecutionContext::new(isolate, COUNTER, Arc::new(NoOps)));
            let mut context = context.expect("it can be made");
            for number in 1..=2 {
                let execution = context.exec(Event::get("http://localhost/")).await.expect("runs");
                assert_eq!(said(execution).await, format!("{number} /"));
            }
        }
    });
}

#[test]
fn the_limits_hold_in_a_shared_isolate_too() {
    run(async || {
        let tight = RuntimeLimits { cpu_ms: 1_500, wall_ms: 4_000, heap_max_mb: 32, ..ample_limits() };
        let mut isolate = SharedIsolate::new(tight);
        for (body, outcome) in [
            ("for (;;);", Outcome::ExceededCpu),
            ("await new Promise(() => {})", Outcome::ExceededWallTime),
            ("const all = []; for (;;) all.push(new Array(1000).fill(all))", Outcome::ExceededMemory),
        ] {
            let mut context =
                ExecutionContext::new(&mut isolate, handler(body), Arc::new(NoOps)).expect("made");
            let failure =
                within("the limit", context.exec(Event::get("http://localhost/"))).await.unwrap_err();
            assert_eq!(failure.outcome, outcome, "{body}: {failure}");
            let fine = handler("return new Response('fine')");
            let mut context = ExecutionContext::new(&mut isolate, fine, Arc::new(NoOps)).expect("made");
            assert_eq!(
                said(context.exec(Event::get("http://localhost/")).await.expect("runs")).await,
                "fine"
            );
        }
    });
}

#[test]
fn a_shared_isolate_can_run_trusted_guests_on_the_callers_own_thread() {
    run(async || {
        let served = std::thread::spawn(|| {
            let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
            executor.block_on(async {
                let mut isolate = SharedIsolate::inline_for_trusted_guests(ample_limits());
                let mut context =
                    ExecutionContext::new(&mut isolate, COUNTER, Arc::new(NoOps)).expect("made");
                for number in 1..=3 {
                    let execution = context.exec(Event::get("http://localhost/")).await.expect("runs");
                    assert_eq!(said(execution).await, format!("{number} /"));
                }
            });
        });
        until("the thread is done", || served.is_finished()).await;
        served.join().expect("the guest was served");
    });
}
