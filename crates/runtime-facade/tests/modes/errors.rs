//! What a host learns when a guest fails.

use crate::support::*;

async fn failed(fixture: Fixture, script: &str) -> Failure {
    let call = Call::new(script, Event::get("http://localhost/"));
    answer(&fixture.runtime(), call).await.expect_err("the guest fails")
}

in_every_mode! {
    async fn an_uncaught_dom_exception_is_named_wherever_it_is_thrown(fixture: Fixture) {
        let thrown = "throw new DOMException('not here', 'NotFoundError')";
        let in_a_handler = format!("export default {{ fetch() {{ {thrown} }} }}");
        let later = format!("export default {{ async fetch() {{ await 0; {thrown} }} }}");
        let at_the_top = format!("{thrown}; export default {{ fetch() {{}} }}");
        let in_a_classic_script = format!("addEventListener('fetch', () => {{}}); {thrown}");
        for script in [in_a_handler, later, at_the_top, in_a_classic_script] {
            let call = Call::new(&*script, Event::get("http://localhost/"));
            let failure = answer(&fixture.runtime(), call).await.unwrap_err();
            assert_eq!(failure.outcome, Outcome::Exception, "{script}");
            assert!(failure.message.starts_with("NotFoundError: not here\n"), "{script}: {}", failure.message);
        }
    }
}

in_every_mode! {
    async fn an_exception_comes_with_its_message_and_stack(fixture: Fixture) {
        let script = "function inner() {\n  throw new RangeError('boom');\n}\nexport default {\n  fetch() {\n    \
             inner();\n  }\n}";
        let failure = failed(fixture, script).await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert_eq!(failure.outcome.http_status(), 500);
        assert!(failure.message.starts_with("RangeError: boom\n"), "{}", failure.message);
        assert!(failure.message.contains("at inner (worker.js:2:"), "{}", failure.message);
        assert!(failure.message.contains("worker.js:6:"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn a_rejection_of_the_handler_is_an_exception_with_its_stack(fixture: Fixture) {
        let script = "export default {\n  async fetch() {\n    await null;\n    throw new TypeError('later');\n  }\n}";
        let failure = failed(fixture, script).await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.starts_with("TypeError: later\n"), "{}", failure.message);
        assert!(failure.message.contains("worker.js:4:"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn a_rejected_answer_of_a_listener_is_an_exception(fixture: Fixture) {
        let failure = failed(fixture, &classic("event.respondWith(Promise.reject(new Error('no answer')))")).await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("no answer"), "{}", failure.message);
        let failure = failed(fixture, &classic("throw new Error('no answer at all')")).await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("no answer at all"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn anything_can_be_thrown(fixture: Fixture) {
        let runtime = fixture.runtime();
        for (thrown, said) in [
            ("'just text'", "just text"),
            ("null", "null"),
            ("undefined", "undefined"),
            ("42", "42"),
            ("Symbol('s')", "Symbol(s)"),
            ("{ message: 'plain' }", "#<Object>"),
            ("Object.create(null)", "[object Object]"),
        ] {
            for script in [handler(&format!("throw {thrown}")), handler(&format!("await null; throw {thrown}"))] {
                let failure = answer(&runtime, Call::new(&*script, Event::get("http://localhost/"))).await;
                let failure = failure.expect_err(thrown);
                assert_eq!(failure.outcome, Outcome::Exception, "{thrown}");
                assert!(failure.message.contains(said), "{thrown}: {}", failure.message);
            }
        }
    }
}

in_every_mode! {
    async fn an_error_at_the_top_level_comes_with_its_place(fixture: Fixture) {
        let failure = failed(fixture, "const a = 1;\nnull.field;\nexport default {};").await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.starts_with("TypeError: "), "{}", failure.message);
        assert!(failure.message.contains("worker.js:2:"), "{}", failure.message);
        let failure = failed(fixture, "addEventListener('fetch', () => {});\nundefinedName;").await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("worker.js:2:"), "{}", failure.message);
        let failure = failed(fixture, "await Promise.reject(new Error('top level'));\nexport default {};").await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.starts_with("Error: top level"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn what_does_not_compile_is_a_script_error_with_its_place(fixture: Fixture) {
        for script in ["const a = 1;\nlet a = 2;", "export default {\n  fetch() { let 5 }\n}", "export default {};\n}"] {
            let failure = failed(fixture, script).await;
            assert_eq!(failure.outcome, Outcome::ScriptError(ScriptFault::Compile), "{script}");
            assert_eq!(failure.outcome.http_status(), 500);
            assert!(failure.message.starts_with("SyntaxError: "), "{}", failure.message);
            assert!(failure.message.contains("worker.js:2:"), "{}", failure.message);
        }
    }
}

in_every_mode! {
    async fn a_rejection_that_nobody_handles_is_logged_and_spoils_nothing(fixture: Fixture) {
        let host = Host::new();
        let script = handler("Promise.reject(new Error('nobody cares')); return new Response('fine')");
        assert_eq!(text(&fixture.runtime_for(&host), script).await, "fine");
        let records = host.log_records();
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0].0, LogLevel::Error);
        assert!(records[0].1.contains("nobody cares") && records[0].1.contains("worker.js"), "{records:?}");
    }
}

in_every_mode! {
    async fn an_exception_in_a_timer_or_a_microtask_is_logged_and_spoils_nothing(fixture: Fixture) {
        let host = Host::new();
        let script = handler("setTimeout(() => { throw new Error('in a timer') }, 0);
            queueMicrotask(() => { throw new Error('in a microtask') });
            await new Promise((go) => setTimeout(go, 5));
            return new Response('fine')");
        assert_eq!(text(&fixture.runtime_for(&host), script).await, "fine");
        assert!(host.has_logged("in a timer") && host.has_logged("in a microtask"), "{:?}", host.log_lines());
    }
}

in_every_mode! {
    async fn a_guest_can_take_errors_into_its_own_hands(fixture: Fixture) {
        let host = Host::new();
        let script = "const seen = [];
            addEventListener('error', (event) => { event.preventDefault(); seen.push(`error ${event.error.message}`) });
            addEventListener('unhandledrejection', (event) => {
              event.preventDefault(); seen.push(`rejection ${event.reason.message}`) });
            export default { async fetch() {
              setTimeout(() => { throw new Error('one') }, 0);
              Promise.reject(new Error('two'));
              reportError(new Error('three'));
              await new Promise((go) => setTimeout(go, 5));
              return new Response(seen.sort().join(', '));
            } }";
        assert_eq!(text(&fixture.runtime_for(&host), script).await, "error one, error three, rejection two");
        assert_eq!(host.log_lines(), [""; 0]);
    }
}

in_every_mode! {
    async fn a_worker_goes_on_after_an_exception(fixture: Fixture) {
        let runtime = fixture.runtime();
        let script = handler("if (request.url.endsWith('/throw')) throw new Error('once');
            return new Response('fine')");
        for _ in 0..5 {
            let call = Call::new(&*script, Event::get("http://localhost/throw"));
            assert_eq!(answer(&runtime, call).await.unwrap_err().outcome, Outcome::Exception);
            assert_eq!(text(&runtime, &*script).await, "fine");
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn no_stack_shows_a_file_of_the_hosts(fixture: Fixture) {
        let failure = failed(fixture, &handler("new Headers([['bad name', 'x']])")).await;
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(!failure.message.contains(".rs"), "{}", failure.message);
        assert!(!failure.message.contains("/crates/"), "{}", failure.message);
    }
}
