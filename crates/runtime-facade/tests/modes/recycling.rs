//! What a report says of the context and the isolate: that they were kept, or why they were thrown away.

use runtime_facade::{Recycle, Worker};

use crate::support::variant::MAX_USES;
use crate::support::*;

fn get(script: impl Into<WorkerCode>) -> Call {
    Call::new(script, Event::get("http://localhost/"))
}

in_every_mode! {
    async fn a_report_says_whether_policy_or_uses_cost_the_context(fixture: Fixture) {
        let runtime = fixture.cramped();
        for script in [handler("return new Response('')"), handler("throw new Error('thrown')"), "0".to_owned()] {
            let mut reasons = Vec::new();
            for _ in 0..=MAX_USES {
                let report = match answer(&runtime, get(&*script)).await {
                    Ok(collected) => collected.report,
                    Err(failure) => *failure.report,
                };
                reasons.push(report.recycle);
            }
            let expected = if fixture.variant.keeps_contexts() {
                [None, None, Some(Recycle::MaxUses), None]
            } else {
                [Some(Recycle::Policy); 4]
            };
            assert_eq!(reasons, expected, "{script}");
        }
    }
}

in_every_mode! {
    async fn a_report_says_whether_the_end_or_the_memory_cost_the_context(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| setup.limits.heap_max_mb = 32);
        let reason = async |script: &str, cpu_ms: u64| {
            let limits = RuntimeLimits { cpu_ms, ..runtime.limits().clone() };
            answer(&runtime, get(script).limits(limits)).await.expect_err(script).report.recycle
        };
        assert_eq!(reason(&handler("for (;;);"), 200).await, Some(Recycle::Outcome));
        assert_eq!(reason("throw new Error('at the top level')", 200).await, Some(Recycle::Outcome));
        let bomb = handler("const all = []; for (;;) all.push(new Array(1e4).fill(all.length))");
        assert_eq!(reason(&bomb, 20_000).await, Some(Recycle::Memory));
    }
}

#[test]
fn a_worker_as_a_value_keeps_its_context() {
    crate::support::variant::run(Variant::Worker, async |fixture| {
        drop(fixture.runtime());
        let script = handler("return new Response('')");
        let mut worker = Worker::new(script, ample_limits()).await.expect("it is fine");
        for _ in 0..5 {
            let execution = worker.exec(Event::get("http://localhost/")).await.expect("runs");
            assert_eq!(execution.collect().await.expect("an answer").report.recycle, None);
        }
    });
}
