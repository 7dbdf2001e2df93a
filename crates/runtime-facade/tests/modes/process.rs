//! What needs a process of its own: threads that were made before V8, and the entry of child processes.

use std::sync::mpsc;

use runtime_facade::{Mode, NoOps, PinnedPoolConfig, SharedIsolate};

use crate::support::child::{self, say};
use crate::support::variant::v8_config;
use crate::support::*;

/// Where child processes start. In the parent it does nothing.
#[test]
fn child() {
    let Some((case, argument)) = child::case() else { return };
    match &*case {
        "threads-before-init" => threads_before_init(),
        "hostile" => crate::hostile::child(&argument),
        "memory-of-the-process" => crate::process_bounds::memory_child(&argument),
        "lost-threads" => crate::process_bounds::health_child(&argument),
        "prepared" => crate::prepared::child(&argument),
        other => panic!("no case is named {other:?}"),
    }
}

/// What the guest below computes.
fn expected() -> String {
    (0..3_000_000u32).map(|n| n % 7).sum::<u32>().to_string()
}

/// Threads of the host's that exist before V8 does run guests, inline and as drivers, in every mode.
fn threads_before_init() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (sender, receiver) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
            let thread = std::thread::spawn(move || receiver.into_iter().for_each(|job| job()));
            // The thread lives and waits before anything of V8's is touched.
            let (ready, is_ready) = mpsc::channel();
            sender.send(Box::new(move || ready.send(()).expect("somebody waits"))).expect("the thread lives");
            is_ready.recv().expect("the thread lives");
            (sender, thread)
        })
        .collect();
    runtime_facade::Runtime::builder()
        .mode(Mode::Pinned(PinnedPoolConfig::default()))
        .v8(v8_config())
        .build()
        .expect("v8 can be set up");
    for (number, (sender, _)) in threads.iter().enumerate() {
        let variant = Variant::ALL[number];
        sender
            .send(Box::new(move || {
                let executor =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
                executor.block_on(async {
                    let script = handler(
                        "let sum = 0; for (let n = 0; n < 3e6; n++) sum += n % 7;
                        return new Response(`${sum}`)",
                    );
                    assert_eq!(text(&Fixture { variant }.runtime(), &*script).await, expected());
                    let limits = ample_limits();
                    let mut isolate = SharedIsolate::inline_for_trusted_guests(limits);
                    let context =
                        runtime_facade::ExecutionContext::new(&mut isolate, &*script, Arc::new(NoOps));
                    let execution =
                        context.expect("made").exec(Event::get("http://localhost/")).await.expect("runs");
                    assert_eq!(execution.collect().await.expect("an answer").text(), expected());
                });
            }))
            .expect("the thread lives");
    }
    for (sender, thread) in threads {
        drop(sender);
        thread.join().expect("every thread ran its guest");
    }
    say("all threads ran guests");
}

#[tokio::test]
async fn threads_that_were_made_before_v8_run_guests() {
    let ended = child::run("threads-before-init", "", Duration::from_secs(60)).await;
    assert!(ended.is_success && ended.said == ["all threads ran guests"], "{ended:#?}");
}
