//! Which of a script's handlers gets an event.

use crate::support::*;

in_every_mode! {
    async fn the_handler_of_a_modules_default_export_wins_over_listeners(fixture: Fixture) {
        let script = "addEventListener('fetch', (event) => event.respondWith(new Response('listener')));
             export default { fetch() { return new Response('default export') } };";
        assert_eq!(text(&fixture.runtime(), script).await, "default export");
    }
}

in_every_mode! {
    async fn a_listener_serves_where_the_default_export_has_no_handler(fixture: Fixture) {
        let script = "addEventListener('fetch', (event) => event.respondWith(new Response('listener')));
             export default { scheduled() {} };";
        assert_eq!(text(&fixture.runtime(), script).await, "listener");
    }
}

in_every_mode! {
    async fn named_exports_are_no_handlers(fixture: Fixture) {
        let script = "export function fetch() { return new Response('named') } export const other = 1;";
        let failure = answer(&fixture.runtime(), Call::new(script, Event::get("http://localhost/"))).await;
        assert_eq!(failure.unwrap_err().outcome, Outcome::ScriptError(ScriptFault::NoHandler));
    }
}

in_every_mode! {
    async fn a_class_instance_handles_with_its_own_state(fixture: Fixture) {
        let script = "class Greeter {
               #greeting = 'hello';
               async fetch(request) { return new Response(`${this.#greeting} ${this.name()}`) }
               name() { return 'Ada' }
             }
             export default new Greeter();";
        assert_eq!(text(&fixture.runtime(), script).await, "hello Ada");
    }
}

in_every_mode! {
    async fn a_handler_may_answer_now_or_later(fixture: Fixture) {
        let runtime = fixture.runtime();
        assert_eq!(text(&runtime, "export default { fetch() { return new Response('now') } }").await, "now");
        let script = handler("await new Promise((go) => setTimeout(go, 1)); return new Response('later')");
        assert_eq!(text(&runtime, script).await, "later");
        let script = "export default { fetch() { return { then(go) { go(new Response('thenable')) } } } }";
        assert_eq!(text(&runtime, script).await, "thenable");
    }
}

in_every_mode! {
    async fn the_first_listener_to_answer_wins(fixture: Fixture) {
        let script = "addEventListener('fetch', (event) => { if (event.request.url.endsWith('/a'))
                        event.respondWith(new Response('first')) });
             addEventListener('fetch', async (event) => event.respondWith(Promise.resolve(new Response('second'))));
             addEventListener('fetch', (event) => event.respondWith(new Response('third')));";
        let runtime = fixture.runtime();
        let first = answer(&runtime, Call::new(script, Event::get("http://localhost/a"))).await;
        assert_eq!(first.expect("an answer").text(), "first");
        let second = answer(&runtime, Call::new(script, Event::get("http://localhost/b"))).await;
        assert_eq!(second.expect("an answer").text(), "second");
    }
}

in_every_mode! {
    async fn answering_an_event_twice_is_an_invalid_state(fixture: Fixture) {
        let script = classic("event.respondWith(new Response('once'));
             try { event.respondWith(new Response('twice')) } catch (error) { console.log(error.name) }");
        let host = Host::new();
        assert_eq!(text(&fixture.runtime_for(&host), script).await, "once");
        assert_eq!(host.log_lines(), ["InvalidStateError"]);
    }
}

in_every_mode! {
    async fn answering_an_event_after_its_dispatch_is_an_invalid_state(fixture: Fixture) {
        let script = classic("queueMicrotask(() => {
             try { event.respondWith(new Response('late')) } catch (error) { console.log(error.name) } })");
        let host = Host::new();
        let call = Call::new(script, Event::get("http://localhost/"));
        let failure = answer(&fixture.runtime_for(&host), call).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("respondWith"), "{}", failure.message);
        assert_eq!(host.log_lines(), ["InvalidStateError"]);
    }
}

in_every_mode! {
    async fn a_script_without_a_handler_is_a_script_error_and_501(fixture: Fixture) {
        let runtime = fixture.runtime();
        for script in ["export default {}", "export default 1", "const nothing = 1;", "export default { fetch: 1 }"] {
            let failure = answer(&runtime, Call::new(script, Event::get("http://localhost/"))).await.unwrap_err();
            assert_eq!(failure.outcome, Outcome::ScriptError(ScriptFault::NoHandler), "{script}");
            assert_eq!(failure.outcome.http_status(), 501);
            assert!(failure.message.contains("fetch"), "{}", failure.message);
        }
    }
}

in_every_mode! {
    async fn each_kind_of_event_finds_its_own_handler(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        let script = "export default {
               fetch() { return new Response('fetched') },
               scheduled() { console.log('scheduled') },
               task() { return 'done' },
             }";
        assert_eq!(text(&runtime, script).await, "fetched");
        answer(&runtime, Call::new(script, Scheduled::default())).await.expect("an answer");
        assert_eq!(host.log_lines(), ["scheduled"]);
        let done = answer(&runtime, Call::new(script, Task::default())).await.expect("an answer");
        assert_eq!(done.text(), "\"done\"");
    }
}

in_every_mode! {
    async fn an_accessor_that_throws_where_a_handler_is_looked_for_is_an_exception(fixture: Fixture) {
        let script = "export default { get fetch() { throw new Error('no handler for you') } }";
        let failure = answer(&fixture.runtime(), Call::new(script, Event::get("http://localhost/"))).await;
        let failure = failure.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("no handler for you"), "{}", failure.message);
    }
}
