//! Callers that go away, at every await and in the middle of a body: everything that the request held is given back.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;

use crate::support::*;

/// When a future is dropped.
#[derive(Clone, Copy, Debug)]
enum Drops {
    /// As soon as its last poll found it pending.
    AtOnce,
    /// When it has been woken after that.
    WhenWoken,
}

/// Polls a future so many times at most. None if it was not ready by then.
async fn polled<F: Future>(future: F, times: usize, drops: Drops) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut polls = 0;
    poll_fn(|cx| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if polls == times && matches!(drops, Drops::AtOnce) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

in_every_mode! {
    async fn a_call_can_be_dropped_at_every_await(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.one_isolate_an_owner = true;
            setup.ops = Some(Arc::new(host.clone()));
        });
        gate.allow(100_000);
        let script = handler("for (let count = 0; count < 4; count++) {
              await env.GATE.pass();
              await new Promise((go) => setTimeout(go, 0));
            }
            return new Response('whole')");
        for drops in [Drops::AtOnce, Drops::WhenWoken] {
            let mut times = 0;
            loop {
                let call = Call::new(&*script, Event::get("http://localhost/"));
                let executed = within("a poll", polled(runtime.execute(call), times, drops)).await;
                let is_over = executed.is_some();
                drop(executed);
                settled(&runtime).await;
                gate.are_alive(0).await;
                assert_eq!(text(&runtime, &*script).await, "whole", "after {times} polls, dropped {drops:?}");
                if is_over {
                    break;
                }
                times += 1;
                assert!(times < 500, "the call goes on for ever");
            }
            assert!(times > 1, "the call never waited");
        }
        let stats = runtime.stats();
        assert!(stats.mode.isolates <= 1, "{stats:?}");
    }
}

in_every_mode! {
    async fn a_call_that_is_dropped_while_the_guest_computes_stops_it(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 60_000;
            setup.limits.wall_ms = 60_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("console.log('looping'); for (;;);");
        let running = tokio::spawn({
            let runtime = runtime.clone();
            async move { runtime.execute(Call::new(script, Event::get("http://localhost/"))).await }
        });
        host.logged("looping").await;
        let dropped = Instant::now();
        running.abort();
        settled(&runtime).await;
        assert!(dropped.elapsed() < Duration::from_secs(10), "{:?}", dropped.elapsed());
        assert_eq!(text(&runtime, handler("return new Response('next')")).await, "next");
    }
}

in_every_mode! {
    async fn a_body_that_is_dropped_cancels_the_request_and_its_operations(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("return new Response(new ReadableStream({
              async pull(controller) {
                controller.enqueue(new TextEncoder().encode('chunk'));
                await env.GATE.pass();
              }
            }))");
        let mut execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        within("a chunk", execution.response.body.chunk()).await.expect("the body begins");
        gate.has_begun(1).await;
        drop(execution.response);
        gate.are_alive(0).await;
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Canceled);
        settled(&runtime).await;
        assert_eq!(text(&runtime, handler("return new Response('next')")).await, "next");
    }
}

in_every_mode! {
    async fn a_body_that_is_dropped_while_the_guest_computes_stops_it(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 60_000;
            setup.limits.wall_ms = 60_000;
            setup.ops = Some(Arc::new(host.clone()));
        });
        let script = handler("let count = 0; return new Response(new ReadableStream({
              async pull(controller) {
                if (count++ === 0) return controller.enqueue(new Uint8Array(1));
                await new Promise((go) => setTimeout(go, 0));
                console.log('looping');
                for (;;);
              }
            }, { highWaterMark: 0 }))");
        let mut execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        within("a chunk", execution.response.body.chunk()).await.expect("the body begins");
        host.logged("looping").await;
        drop(execution.response);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Canceled);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_body_that_is_dropped_drops_the_upstream_body_behind_it(fixture: Fixture) {
        let watched = Watched::new();
        let upstream = watched.clone();
        let host = Host::new().on_fetch(move |request| {
            let alive = upstream.enter();
            async move {
                let chunks = futures_util::stream::poll_fn(move |_| {
                    let _held = &alive;
                    Poll::Ready(Some(Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(b"endless ")))))
                });
                Ok(crate::support::host::fetched(request.url, 200, Body::stream(StreamBody::new(chunks))))
            }
        });
        let runtime = fixture.runtime_for(&host);
        for body in [
            "return fetch('http://upstream/')",
            "const answer = await fetch('http://upstream/');
             return new Response(answer.body.pipeThrough(new TransformStream()), answer)",
        ] {
            let mut execution =
                runtime.execute(Call::new(handler(body), Event::get("http://localhost/"))).await.expect("runs");
            within("a chunk", execution.response.body.chunk()).await.expect("the body begins");
            assert_eq!(watched.alive(), 1);
            drop(execution.response);
            watched.are_alive(0).await;
            settled(&runtime).await;
        }
    }
}

in_every_mode! {
    async fn a_fetch_that_the_guest_aborts_is_dropped_by_the_host(fixture: Fixture) {
        let watched = Watched::new();
        let (upstream, begun) = (watched.clone(), watched.clone());
        let host = Host::new()
            .on_fetch(move |_| {
                let upstream = upstream.clone();
                async move {
                    upstream.pass().await;
                    Err(OpError::new("it was let through"))
                }
            })
            .with_bindings(|bindings| {
                bindings.method("HOST", "hasBegun", move |(count,): (usize,)| {
                    let begun = begun.has_begun(count);
                    async move {
                        begun.await;
                        Ok::<_, OpError>(())
                    }
                })
            });
        let runtime = fixture.runtime_for(&host);
        let script = handler("const controller = new AbortController();
            const first = fetch('http://upstream/', { signal: controller.signal }).catch((error) => error.name);
            await env.HOST.hasBegun(1);
            controller.abort();
            const late = await fetch('http://upstream/', { signal: AbortSignal.timeout(1) }).catch((error) => error.name);
            return new Response(`${await first} ${late}`)");
        assert_eq!(text(&runtime, script).await, "AbortError TimeoutError");
        watched.are_alive(0).await;
    }
}

in_every_mode! {
    async fn an_abort_of_an_earlier_request_never_cancels_an_operation_of_a_later_one(fixture: Fixture) {
        let watched = Watched::new();
        let (upstream, begun, release) = (watched.clone(), watched.clone(), watched.clone());
        let host = Host::new()
            .on_fetch(move |request| {
                let upstream = upstream.clone();
                async move {
                    upstream.pass().await;
                    Ok(crate::support::host::fetched(request.url, 200, "the later one's answer"))
                }
            })
            .with_bindings(|bindings| {
                bindings
                    .method("HOST", "hasBegun", move |(count,): (usize,)| {
                        let begun = begun.has_begun(count);
                        async move {
                            begun.await;
                            Ok::<_, OpError>(())
                        }
                    })
                    .method("HOST", "letThrough", move |(): ()| {
                        release.allow(1);
                        async { Ok::<_, OpError>(()) }
                    })
            });
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.one_isolate_an_owner = true;
            setup.ops = Some(Arc::new(host.clone()));
        });
        // Both requests make the same calls in the same order, so that the numbers of their operations would be the
        // same if each request counted for itself.
        let script = "let earlier; export default { async fetch(request, env) {
            const isFirst = request.url.endsWith('/first');
            const controller = new AbortController();
            const answer = fetch('http://upstream/', { signal: isFirst ? controller.signal : undefined });
            if (isFirst) {
              answer.catch(() => {});
              await env.HOST.hasBegun(1);
              earlier = controller;
              return new Response('first');
            }
            await env.HOST.hasBegun(2);
            earlier?.abort();
            await env.HOST.letThrough();
            return new Response(`${earlier !== undefined} ${await (await answer).text()}`);
          } }";
        let first = Call::new(script, Event::get("http://localhost/first"));
        assert_eq!(answer(&runtime, first).await.expect("an answer").text(), "first");
        watched.are_alive(0).await;
        let expected = format!("{} the later one's answer", fixture.variant.keeps_contexts());
        assert_eq!(text(&runtime, script).await, expected);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn dropping_the_end_changes_nothing(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("ctx.waitUntil(env.GATE.pass().then(() => console.log('done'))); return new Response('r')");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        drop(execution.end);
        gate.allow(1);
        host.logged("done").await;
        settled(&runtime).await;
        drop(execution.response);
    }
}
