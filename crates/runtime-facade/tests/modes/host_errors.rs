//! Which requests end as the host's failure: those that end with an error that a host operation gave, and no others.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;

use crate::support::host::fetched;
use crate::support::*;

/// A body that gives some bytes and then breaks off.
fn broken_body() -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(b"a part"))), Err("the line went dead")];
    Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A host all of whose operations fail, except that `http://broken-body/` begins to answer and `http://echo/` reads what
/// is uploaded.
fn failing_host() -> Host {
    let host = Host::new().on_fetch(|request| async move {
        match &*request.url {
            "http://broken-body/" => Ok(fetched(request.url, 200, broken_body())),
            "http://echo/" => match request.body.collect().await {
                Ok(bytes) => Ok(fetched("http://echo/", 200, bytes)),
                Err(error) => Err(OpError::new(error.message)),
            },
            _ => Err(OpError::new("the network is down")),
        }
    });
    host.with_bindings(|bindings| {
        bindings
            .method("DB", "fails", |(): ()| async { Err::<(), _>(OpError::new("the disk is full")) })
            .method("DB", "takesText", |(_,): (String,)| async { Ok::<_, OpError>(()) })
            .method("DB", "panics", |(): ()| async {
                if true {
                    panic!("a host operation panics, as this test wants it to");
                }
                Ok::<(), OpError>(())
            })
    })
}

async fn failure_of(runtime: &Runtime, call: Call) -> Failure {
    answer(runtime, call).await.map(|collected| collected.text()).expect_err("the request fails")
}

fn get(script: impl Into<WorkerCode>) -> Call {
    Call::new(script, Event::get("http://localhost/"))
}

in_every_mode! {
    async fn an_error_of_the_host_that_nobody_catches_is_the_hosts(fixture: Fixture) {
        let runtime = fixture.runtime_for(&failing_host());
        let scripts = [
            (handler("return fetch('http://upstream/')"), "the network is down"),
            (handler("await env.DB.fails()"), "the disk is full"),
            (handler("await env.DB.panics()"), "the host failed to perform the operation"),
            (handler("const answer = await fetch('http://broken-body/'); return new Response(await answer.text())"),
                "the line went dead"),
            (handler("const answer = await fetch('http://broken-body/'); for await (const chunk of answer.body);"),
                "the line went dead"),
            (handler("const reader = (await fetch('http://broken-body/')).body.pipeThrough(new TransformStream()).getReader();
                while (!(await reader.read()).done);"), "the line went dead"),
            (handler("try { await env.DB.fails() } catch (error) { throw error }"), "the disk is full"),
            (classic("event.respondWith(fetch('http://upstream/'))"), "the network is down"),
            (classic("event.respondWith((async () => { await event.env.DB.fails() })())"), "the disk is full"),
        ];
        for (script, reason) in scripts {
            let failure = failure_of(&runtime, get(&*script)).await;
            assert_eq!(failure.outcome, Outcome::HostError, "{script}: {failure}");
            assert_eq!((failure.outcome.http_status(), failure.outcome.name()), (500, "HostError"));
            assert!(failure.message.contains(reason), "{script}: {}", failure.message);
        }
        let task = Call::new(task("await env.DB.fails()"), Task::default());
        assert_eq!(failure_of(&runtime, task).await.outcome, Outcome::HostError);
        let waits = "addEventListener('scheduled', (event) => event.waitUntil(fetch('http://upstream/')))";
        assert_eq!(failure_of(&runtime, Call::new(waits, Scheduled::default())).await.outcome, Outcome::HostError);
    }
}

in_every_mode! {
    async fn an_error_that_stands_for_one_of_the_hosts_is_the_hosts(fixture: Fixture) {
        let runtime = fixture.runtime_for(&failing_host());
        let fails = handler("await new WebSocketStream('ws://upstream/').opened");
        assert_eq!(failure_of(&runtime, get(fails)).await.outcome, Outcome::HostError);
        let own = handler("throw new WebSocketError('the network is down')");
        assert_eq!(failure_of(&runtime, get(own)).await.outcome, Outcome::Exception);
    }
}

in_every_mode! {
    async fn an_error_without_a_place_in_the_script_does_not_hang_the_top_level(fixture: Fixture) {
        let runtime = fixture.runtime_for(&failing_host());
        let failure = failure_of(&runtime, get("await fetch('http://upstream/'); export default {}")).await;
        assert_eq!(failure.outcome, Outcome::HostError, "{failure}");
        assert_eq!(failure.message, "TypeError: fetch failed: the network is down");
    }
}

in_every_mode! {
    async fn a_request_body_that_breaks_off_is_the_hosts(fixture: Fixture) {
        let runtime = fixture.runtime();
        let request = Request { body: broken_body(), ..Request::new(http::Method::POST, "http://localhost/") };
        let failure = failure_of(&runtime, Call::new(handler("await request.text()"), request)).await;
        assert_eq!(failure.outcome, Outcome::HostError, "{failure}");
        assert!(failure.message.contains("the line went dead"), "{failure}");
    }
}

in_every_mode! {
    async fn a_body_that_is_passed_on_and_breaks_off_is_the_hosts(fixture: Fixture) {
        let runtime = fixture.runtime_for(&failing_host());
        for body in [
            "return fetch('http://broken-body/')",
            "const { body } = await fetch('http://broken-body/');
             return new Response(body.pipeThrough(new TransformStream()))",
        ] {
            let failure = failure_of(&runtime, get(handler(body))).await;
            assert_eq!(failure.outcome, Outcome::HostError, "{body}: {failure}");
            assert!(failure.message.contains("the line went dead"), "{body}: {failure}");
        }
    }
}

in_every_mode! {
    async fn an_error_of_the_guests_own_is_the_guests(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.subrequests = 5;
            setup.ops = Some(Arc::new(failing_host()));
        });
        for body in [
            "try { await fetch('http://upstream/') } catch (error) { throw new Error(error.message, { cause: error }) }",
            "try { await env.DB.fails() } catch (error) { throw error.message }",
            "try { await env.DB.fails() } catch (error) { throw structuredClone(error) }",
            "await Promise.any([env.DB.fails()])",
            "await env.DB.takesText(42)",
            "await env.DB.missing()",
            "fetch('ftp://upstream/').catch(() => {}); await fetch('ftp://upstream/')",
            "for (;;) await fetch('http://upstream/').catch((error) => { if (error.message.includes('subrequests')) throw error })",
            "await fetch('http://upstream/', { signal: AbortSignal.abort() })",
            "await fetch('http://echo/', { method: 'POST', duplex: 'half', body: new ReadableStream({
               pull() { throw new Error('the upload fails') } }) })",
        ] {
            let failure = failure_of(&runtime, get(handler(body))).await;
            assert_eq!(failure.outcome, Outcome::Exception, "{body}: {failure}");
        }
        assert_eq!(text(&runtime, handler("await env.DB.fails().catch(() => {}); return new Response('fine')")).await, "fine");
    }
}

in_every_mode! {
    async fn a_guest_can_neither_see_nor_forge_that_an_error_is_the_hosts(fixture: Fixture) {
        let runtime = fixture.runtime_for(&failing_host());
        let seen = handler("const error = await env.DB.fails().catch((error) => error);
            const own = new Error('own');
            const shape = (value) => JSON.stringify([Reflect.ownKeys(value).map(String).sort(), Object.keys(value)]);
            return new Response(`${shape(error) === shape(own)} ${Object.isExtensible(error)}`)");
        assert_eq!(text(&runtime, seen).await, "true true");
        for forged in [
            "Object.create(error)",
            "new Proxy(error, {})",
            "Object.assign(new Error('forged'), error)",
            "Object.defineProperties(new Error('forged'), Object.getOwnPropertyDescriptors(error))",
            "Object.setPrototypeOf(new Error('forged'), error)",
            "new error.constructor('forged')",
        ] {
            let script = handler(&format!("const error = await env.DB.fails().catch((error) => error); throw {forged}"));
            let failure = failure_of(&runtime, get(&*script)).await;
            assert_eq!(failure.outcome, Outcome::Exception, "{forged}: {failure}");
        }
    }
}

in_every_mode! {
    async fn a_context_is_kept_after_an_error_of_the_hosts_as_after_one_of_the_guests(fixture: Fixture) {
        let host = failing_host();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.one_isolate_an_owner = true;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = "let uses = 0; export default { async fetch(request, env) {
            uses += 1;
            if (request.url.endsWith('/fail')) await env.DB.fails();
            return new Response(`${uses}`) } }";
        let failing = Call::new(script, Event::get("http://localhost/fail"));
        assert_eq!(failure_of(&runtime, failing).await.outcome, Outcome::HostError);
        let expected = if fixture.variant.keeps_contexts() { "2" } else { "1" };
        assert_eq!(text(&runtime, script).await, expected);
        settled(&runtime).await;
    }
}
