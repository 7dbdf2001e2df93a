//! Events: which handler runs, what counts as its answer, what it waits for, and how a failure ends.

use bytes::Bytes;
use http::{HeaderValue, Method};
use runtime_core::{Failure, Outcome, ScriptFault};
use runtime_web::{Body, Collected, Event, Request, Scheduled, Task};

use crate::Guest;

fn get() -> Event {
    Event::get("http://host.test/path?query")
}

fn post(body: impl Into<Body>) -> Request {
    let mut request = Request::new(Method::POST, "http://host.test/path?query");
    request.headers.insert("a", HeaderValue::from_static("1"));
    request.body = body.into();
    request
}

/// A body in chunks, of which none is at hand before it is asked for.
fn chunks(texts: &'static [&'static str]) -> Body {
    use futures_util::StreamExt as _;
    let frames = futures_util::stream::iter(texts).map(|text| {
        Ok::<_, std::convert::Infallible>(http_body::Frame::data(Bytes::from_static(text.as_bytes())))
    });
    Body::stream(http_body_util::StreamBody::new(frames))
}

/// What a module whose fetch handler has this body answers to a POST of two chunks.
async fn answer(body: &str) -> Result<Collected, Failure> {
    let code = format!("export default {{ async fetch(request, env, context) {{ {body} }} }}");
    Guest::new(&code).await.exec(post(chunks(&["ab", "cd"]))).await
}

async fn text(body: &str) -> String {
    answer(body).await.expect("the handler answers").text()
}

async fn failure(body: &str) -> (Outcome, String) {
    let failure = answer(body).await.expect_err("the handler fails");
    (failure.outcome, failure.message)
}

#[tokio::test]
async fn a_request_arrives_with_method_headers_and_body() {
    let body =
        "return new Response([request.method, request.url, request.headers.get('a'), await request.text()])";
    assert_eq!(text(body).await, "POST,http://host.test/path?query,1,abcd");
}

#[tokio::test]
async fn a_body_can_be_passed_on_untouched_transformed_or_split() {
    assert_eq!(text("return new Response(request.body)").await, "abcd");
    let upper = "return new Response(request.body.pipeThrough(new TransformStream({
        transform(chunk, controller) { controller.enqueue(chunk.map((byte) => byte ^ 32)); } })))";
    assert_eq!(text(upper).await, "ABCD");
    let twice =
        "const copy = request.clone(); return new Response(await request.text() + '|' + await copy.text())";
    assert_eq!(text(twice).await, "abcd|abcd");
    let forwarded = "return fetch(new Request('http://upstream.test/echo', request))";
    assert_eq!(text(forwarded).await, "abcd");
}

#[tokio::test]
async fn a_body_can_be_read_into_a_guests_own_buffers() {
    let body = "const reader = request.body.getReader({ mode: 'byob' });
        let text = '';
        for (;;) {
            const { value, done } = await reader.read(new Uint8Array(3));
            if (done) return new Response(text);
            text += new TextDecoder().decode(value) + '.';
        }";
    assert_eq!(text(body).await, "ab.cd.");
}

#[tokio::test]
async fn a_passed_on_body_is_used_up_for_the_guest() {
    let body = "const response = new Response(request.body);
        context.waitUntil(new Promise((resolve) => setTimeout(() => {
            console.log(request.bodyUsed, request.body.locked);
            resolve();
        }, 1)));
        return response;";
    let mut guest =
        Guest::new(&format!("export default {{ async fetch(request, env, context) {{ {body} }} }}")).await;
    assert_eq!(guest.exec(post(chunks(&["x"]))).await.expect("the handler answers").text(), "x");
    assert_eq!(guest.host.logged(), "true true");
}

#[tokio::test]
async fn the_headers_of_an_incoming_request_are_immutable() {
    let body = "try { request.headers.set('a', 'b') } catch (error) { return new Response(error.name) }";
    assert_eq!(text(body).await, "TypeError");
}

#[tokio::test]
async fn cookies_of_an_upstream_stay_apart_on_their_way_through() {
    let answer =
        answer("const up = await fetch('http://upstream.test/cookies'); return new Response(up.body, up)")
            .await
            .expect("the handler answers");
    assert_eq!((answer.status, answer.text().as_str()), (201, "biscuits"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
}

#[tokio::test]
async fn a_guest_that_fails_ends_as_an_exception() {
    for body in ["throw new RangeError('bad')", "await 0; throw new RangeError('bad')"] {
        let (outcome, message) = failure(body).await;
        assert_eq!(outcome, Outcome::Exception);
        assert!(message.starts_with("RangeError: bad"), "{message}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_says_what_was_expected() {
    let (outcome, message) = failure("return 'text'").await;
    assert_eq!(outcome, Outcome::Exception);
    assert!(message.contains("the fetch handler gave a string, expected a Response"), "{message}");
    let (outcome, message) = failure("const used = new Response('x'); await used.text(); return used").await;
    assert_eq!(outcome, Outcome::Exception);
    assert!(message.contains("has been read already"), "{message}");
    let (_, message) = failure("return Response.error()").await;
    assert!(message.contains("Response.error()"), "{message}");
}

#[tokio::test]
async fn a_stream_that_fails_breaks_the_body_off() {
    let streams = [
        ("controller.enqueue(new Uint8Array(3)); controller.error(new Error('boom'))", "boom"),
        ("await 0; throw new Error('boom')", "boom"),
        ("controller.enqueue('text')", "Uint8Array"),
    ];
    for (pull, expected) in streams {
        let (outcome, message) = failure(&format!(
            "return new Response(new ReadableStream({{ async pull(controller) {{ {pull} }} }}))"
        ))
        .await;
        assert_eq!(outcome, Outcome::Exception);
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_ends_an_endless_response() {
    let code = "export default { fetch() {
        return new Response(new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(65536)); } }));
    } }";
    let mut guest = Guest::new(code).await;
    let mut execution = guest.start(get()).await.expect("the handler answers");
    assert!(execution.response.body.chunk().await.expect("the body flows").is_some());
    drop(execution.response);
    assert_eq!(execution.end.await.outcome, Outcome::Canceled);
}

#[tokio::test]
async fn a_script_without_the_events_handler_says_so() {
    for code in
        ["export default {}", "addEventListener('scheduled', () => {})", "export const fetch = () => 1"]
    {
        let failure = Guest::new(code).await.exec(get()).await.expect_err("there is no handler");
        assert_eq!(failure.outcome, Outcome::ScriptError(ScriptFault::NoHandler));
        assert!(failure.message.contains("no fetch handler"), "{}", failure.message);
    }
}

#[tokio::test]
async fn the_first_listener_that_answers_wins() {
    let code = "addEventListener('fetch', (event) => {
            event.respondWith(new Response('first'));
            try { event.respondWith(new Response('again')); } catch (error) { console.log(error.name); }
        });
        addEventListener('fetch', () => console.log('second listener'));";
    let mut guest = Guest::new(code).await;
    assert_eq!(guest.exec(get()).await.expect("the listener answers").text(), "first");
    assert_eq!(guest.host.logged(), "InvalidStateError");
}

#[tokio::test]
async fn respond_with_is_too_late_after_the_dispatch() {
    let code = "addEventListener('fetch', (event) => event.waitUntil(Promise.resolve().then(() => {
        try { event.respondWith(new Response()); } catch (error) { console.log(error.name); } })))";
    let mut guest = Guest::new(code).await;
    let failure = guest.exec(get()).await.expect_err("nobody answers in time");
    assert!(failure.message.contains("respondWith"), "{}", failure.message);
}

#[tokio::test]
async fn a_modules_handler_goes_before_listeners() {
    let code = "addEventListener('fetch', (event) => event.respondWith(new Response('listener')));
        export default { fetch() { return new Response('module'); } }";
    assert_eq!(Guest::new(code).await.exec(get()).await.expect("somebody answers").text(), "module");
}

#[tokio::test]
async fn a_rejected_wait_until_is_logged_and_keeps_the_response() {
    let code = "export default { fetch(request, env, context) {
        context.waitUntil(Promise.reject(new Error('background')));
        return new Response('answer'); } }";
    let mut guest = Guest::new(code).await;
    assert_eq!(guest.exec(get()).await.expect("the handler answers").text(), "answer");
    assert!(guest.host.logged().contains("background"), "{}", guest.host.logged());
}

#[tokio::test]
async fn of_a_scheduled_event_in_a_script_the_promises_tell_how_it_went() {
    let scheduled = Scheduled { cron: "* * * * *".to_owned(), scheduled_time_ms: 5 };
    let code = "addEventListener('scheduled', (event) => {
        console.log(event.cron, event.scheduledTime);
        event.waitUntil(Promise.reject(new Error('not done'))); })";
    let mut guest = Guest::new(code).await;
    let failure = guest.exec(scheduled.clone()).await.expect_err("the work is not done");
    assert_eq!(failure.outcome, Outcome::Exception);
    assert!(guest.host.logged().starts_with("* * * * * 5"), "{}", guest.host.logged());
    let code = "export default { async scheduled(controller) { await 0; console.log(String(controller)); } }";
    let mut guest = Guest::new(code).await;
    guest.exec(scheduled).await.expect("the work is done");
    assert_eq!(guest.host.logged(), "[object ScheduledController]");
}

#[tokio::test]
async fn a_tasks_result_is_its_answer_as_json() {
    let task = Task { name: "n".to_owned(), payload: serde_json::json!({ "a": 1 }), ..Task::default() };
    let code =
        "export default { task: (task) => task.name === 'none' ? undefined : [task.name, task.payload] }";
    let mut guest = Guest::new(code).await;
    assert_eq!(guest.exec(task).await.expect("the task is done").text(), r#"["n",{"a":1}]"#);
    let none = Task { name: "none".to_owned(), ..Task::default() };
    assert_eq!(guest.exec(none).await.expect("the task is done").status, 204);
}

#[tokio::test]
async fn what_is_left_of_one_request_does_not_reach_the_next() {
    let code = "let kept, ticks = 0; export default { async fetch(request, env, context) {
        if (kept === undefined) {
            kept = { context, request };
            setInterval(() => { ticks += 1; }, 1);
            return new Response('first');
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
        let late;
        try { kept.context.waitUntil(1); } catch (error) { late = error.name; }
        return Response.json([ticks, late]);
    } }";
    let mut guest = Guest::new(code).await;
    assert_eq!(guest.exec(get()).await.expect("the handler answers").text(), "first");
    let second = guest.exec(get()).await.expect("the handler answers").text();
    let second: serde_json::Value = serde_json::from_str(&second).expect("the answer is JSON");
    assert_eq!(second[1], "InvalidStateError");
    assert_eq!(second[0], 0, "timers of the first request have fired in the second");
}

#[tokio::test]
async fn rejections_that_nobody_handles_are_told_and_logged() {
    let code = "addEventListener('unhandledrejection', (event) => {
            console.log(event.type, event.reason.message);
            if (event.reason.message === 'quiet') event.preventDefault();
        });
        export default { async fetch() {
            Promise.reject(new Error('loud'));
            Promise.reject(new Error('quiet'));
            await new Promise((resolve) => setTimeout(resolve, 1));
            return new Response('answer');
        } }";
    let mut guest = Guest::new(code).await;
    assert_eq!(guest.exec(get()).await.expect("the handler answers").text(), "answer");
    let logged = guest.host.logged();
    assert!(
        logged.contains("unhandledrejection loud") && logged.contains("unhandledrejection quiet"),
        "{logged}"
    );
    assert!(logged.contains("Uncaught (in promise) Error: loud"), "{logged}");
    assert!(!logged.contains("Uncaught (in promise) Error: quiet"), "{logged}");
}

#[tokio::test]
async fn a_huge_record_is_cut() {
    let mut guest = Guest::new("export default { task() { console.log('x'.repeat(1e6)); } }").await;
    guest.exec(Task::default()).await.expect("the task is done");
    let logged = guest.host.logged();
    assert!(logged.len() < 70_000, "{} bytes were logged", logged.len());
    assert!(logged.ends_with("... 934464 more characters"), "{}", &logged[logged.len() - 40..]);
}
