//! Bodies that stream, both ways, and no faster than they are read.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::Method;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc;

use crate::support::*;

/// A body whose chunks the test sends one by one. The counter tells how many have been taken.
fn body_by_hand() -> (mpsc::UnboundedSender<&'static str>, Body, Arc<AtomicUsize>) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<&'static str>();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let chunks = futures_util::stream::poll_fn(move |cx| {
        receiver.poll_recv(cx).map(|chunk| {
            chunk.map(|chunk| {
                counter.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(chunk.as_bytes())))
            })
        })
    });
    (sender, Body::stream(StreamBody::new(chunks)), taken)
}

fn post(body: Body) -> Request {
    Request { body, ..Request::new(Method::POST, "http://localhost/") }
}

async fn chunk(execution: &mut Execution) -> Option<String> {
    let chunk = within("the next chunk", execution.response.body.chunk()).await.expect("the body goes on");
    chunk.map(|bytes| String::from_utf8(bytes.to_vec()).expect("it is text"))
}

in_every_mode! {
    async fn a_chunk_arrives_before_the_next_one_is_made(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let script = handler("let count = 0;
            return new Response(new ReadableStream({
              async pull(controller) {
                if (count > 0) await env.GATE.pass();
                if (count === 3) controller.close();
                else controller.enqueue(new TextEncoder().encode(`chunk ${count++}`));
              }
            }))");
        let mut execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("chunk 0"));
        gate.allow(1);
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("chunk 1"));
        gate.allow(2);
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("chunk 2"));
        assert_eq!(chunk(&mut execution).await, None);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_guest_stops_making_chunks_when_nobody_reads_and_goes_on_when_somebody_does(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        // Sixteen times what the host buffers. The ticks are turns in which the writer could have gone on.
        let script = handler("let made = 0;
            const tick = () => new Promise((go) => setTimeout(go, 0));
            ctx.waitUntil((async () => {
              for (let ticks = 0; ticks < 20; ticks++) await tick();
              console.log(made);
            })());
            return new Response(new ReadableStream({
              pull(controller) {
                if (made === 64) return controller.close();
                made += 1;
                controller.enqueue(new Uint8Array(16384).fill(made));
              }
            }))");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        until("the ticks have passed", || !host.log_lines().is_empty()).await;
        let made: usize = host.log_lines()[0].parse().expect("a number");
        assert!((4..=8).contains(&made), "{made} chunks were made although nobody read any");
        let collected = within("the whole body", execution.collect()).await.expect("all goes well");
        assert_eq!(collected.body.len(), 64 * 16384);
        assert!((1..=64).all(|number: u8| collected.body[(usize::from(number) - 1) * 16384] == number));
    }
}

in_every_mode! {
    async fn a_writer_waits_for_its_reader(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_for(&host);
        let script = handler("let written = 0;
            const tick = () => new Promise((go) => setTimeout(go, 0));
            const { readable, writable } = new TransformStream();
            const writer = writable.getWriter();
            ctx.waitUntil((async () => {
              for (let number = 0; number < 64; number++) {
                await writer.write(new Uint8Array(16384).fill(7));
                written += 1;
              }
              await writer.close();
            })());
            ctx.waitUntil((async () => {
              for (let ticks = 0; ticks < 20; ticks++) await tick();
              console.log(written);
            })());
            return new Response(readable)");
        let execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        until("the ticks have passed", || !host.log_lines().is_empty()).await;
        let written: usize = host.log_lines()[0].parse().expect("a number");
        assert!((3..=8).contains(&written), "{written} chunks were written although nobody read any");
        let collected = within("the whole body", execution.collect()).await.expect("all goes well");
        assert_eq!(collected.body.len(), 64 * 16384);
    }
}

in_every_mode! {
    async fn a_request_body_is_taken_no_faster_than_the_guest_reads(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_for(&host);
        let (sender, body, taken) = body_by_hand();
        for _ in 0..100 {
            sender.send("0123456789").expect("the body is there");
        }
        drop(sender);
        let script = handler("const reader = request.body.getReader();
            let bytes = (await reader.read()).value.length;
            for (let ticks = 0; ticks < 20; ticks++) await new Promise((go) => setTimeout(go, 0));
            await env.GATE.pass();
            for (;;) {
              const { done, value } = await reader.read();
              if (done) break;
              bytes += value.length;
            }
            return new Response(`${bytes}`)");
        let running = tokio::spawn(async move { answer(&runtime, Call::new(script, post(body))).await });
        gate.has_begun(1).await;
        let early = taken.load(Ordering::Relaxed);
        assert!((1..=4).contains(&early), "{early} chunks were taken although one was read");
        gate.allow(1);
        let collected = running.await.expect("no panic").expect("an answer");
        assert_eq!(collected.text(), "1000");
        assert_eq!(taken.load(Ordering::Relaxed), 100);
    }
}

in_every_mode! {
    async fn a_body_goes_both_ways_at_once(fixture: Fixture) {
        let runtime = fixture.runtime();
        let (sender, body, _) = body_by_hand();
        let script = handler("const upper = new TransformStream({
              transform(chunk, controller) {
                const text = new TextDecoder().decode(chunk).toUpperCase();
                controller.enqueue(new TextEncoder().encode(text));
              }
            });
            return new Response(request.body.pipeThrough(upper))");
        let mut execution = runtime.execute(Call::new(script, post(body))).await.expect("runs");
        for (sent, received) in [("one", "ONE"), ("two", "TWO"), ("three", "THREE")] {
            sender.send(sent).expect("the body is read");
            assert_eq!(chunk(&mut execution).await.as_deref(), Some(received));
        }
        drop(sender);
        assert_eq!(chunk(&mut execution).await, None);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
    }
}

in_every_mode! {
    async fn a_request_body_can_be_the_response_body(fixture: Fixture) {
        let runtime = fixture.runtime();
        let (sender, body, _) = body_by_hand();
        let script = handler("return new Response(request.body)");
        let mut execution = runtime.execute(Call::new(script, post(body))).await.expect("runs");
        sender.send("echo").expect("the body is read");
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("echo"));
        sender.send("again").expect("the body is read");
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("again"));
        drop(sender);
        assert_eq!(chunk(&mut execution).await, None);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Ok);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn an_upstream_body_streams_through_unread(fixture: Fixture) {
        let (sender, body, _) = body_by_hand();
        let body = parking_lot::Mutex::new(Some(body));
        let host = Host::new().on_fetch(move |request| {
            let body = body.lock().take().expect("one fetch");
            async move { Ok(crate::support::host::fetched(request.url, 200, body)) }
        });
        let runtime = fixture.runtime_for(&host);
        let call = Call::new(handler("return fetch('http://upstream/')"), Event::get("http://localhost/"));
        let mut execution = within("the response", runtime.execute(call)).await.expect("runs");
        sender.send("first").expect("the body is read");
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("first"));
        drop(sender);
        assert_eq!(chunk(&mut execution).await, None);
    }
}

in_every_mode! {
    async fn what_a_guest_sends_upstream_streams_too(fixture: Fixture) {
        let host = Host::new().on_fetch(|request| async move {
            let sent = request.body.collect().await.map_err(|error| OpError::new(error.message))?;
            Ok(crate::support::host::fetched(request.url, 200, sent.to_vec()))
        });
        let script = handler("let count = 0;
            const body = new ReadableStream({
              async pull(controller) {
                await new Promise((go) => setTimeout(go, 0));
                if (count === 4) controller.close();
                else controller.enqueue(new TextEncoder().encode(`${count++};`));
              }
            });
            return fetch('http://upstream/', { method: 'POST', body, duplex: 'half' })");
        let call = Call::new(script, Event::get("http://localhost/"));
        let collected = answer(&fixture.runtime_for(&host), call).await.expect("an answer");
        assert_eq!(collected.text(), "0;1;2;3;");
    }
}

in_every_mode! {
    async fn a_stream_that_fails_breaks_the_body_off(fixture: Fixture) {
        let script = handler("let count = 0;
            return new Response(new ReadableStream({
              pull(controller) {
                if (count++ === 1) throw new Error('out of chunks');
                controller.enqueue(new TextEncoder().encode('half'));
              }
            }))");
        let runtime = fixture.runtime();
        let mut execution = runtime.execute(Call::new(script, Event::get("http://localhost/"))).await.expect("runs");
        assert_eq!(chunk(&mut execution).await.as_deref(), Some("half"));
        within("the break", execution.response.body.chunk()).await.expect_err("the body breaks off");
        let end = within("the end", execution.end).await;
        assert_eq!(end.outcome, Outcome::Exception);
        assert!(end.message.contains("out of chunks"), "{}", end.message);
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_chunk_that_is_no_bytes_breaks_the_body_off(fixture: Fixture) {
        let script = handler("return new Response(new ReadableStream({
              start(controller) { controller.enqueue('a string'); controller.close() } }))");
        let call = Call::new(script, Event::get("http://localhost/"));
        let failure = answer(&fixture.runtime(), call).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("TypeError"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn a_cancelled_response_stream_tells_its_source_nothing_is_wanted_any_more(fixture: Fixture) {
        // The guest itself cancels one branch and goes on: the request is not over.
        let script = handler("let cancelled = 'no';
            const stream = new ReadableStream({
              pull(controller) { controller.enqueue(new Uint8Array(8)) },
              cancel(reason) { cancelled = reason }
            });
            const reader = stream.getReader();
            await reader.read();
            await reader.cancel('enough');
            return new Response(cancelled)");
        assert_eq!(text(&fixture.runtime(), script).await, "enough");
    }
}

in_every_mode! {
    async fn a_stream_of_a_fixed_length_says_so_as_a_body_both_ways(fixture: Fixture) {
        let host = Host::new().on_fetch(|request| async move {
            let length = request.headers.get("content-length").map_or("none", |value| value.to_str().expect("text"));
            let told = format!("{length} {}", request.method);
            let body = request.body.collect().await.map_err(|error| OpError::new(error.message))?;
            let body = Body::from([told.as_bytes(), b" ", &body].concat());
            let (url, headers, status_text) = (request.url, http::HeaderMap::new(), String::new());
            Ok(FetchResponse { status: 200, status_text, url, headers, body, is_redirected: false })
        });
        let body = "const { readable, writable } = new FixedLengthStream(5);
            const writer = writable.getWriter();
            writer.write(new TextEncoder().encode('hello'));
            writer.close();
            const given = { 'content-length': '99' };
            if (request.url.endsWith('/up')) return fetch('http://up.test/', { method: 'POST', body: readable, duplex: 'half' });
            return new Response(readable, request.url.endsWith('/own') ? { headers: given } : {})";
        let runtime = fixture.runtime_for(&host);
        for (path, length, text) in [("", Some("5"), "hello"), ("own", Some("99"), "hello"), ("up", None, "5 POST hello")] {
            let asked = Call::new(handler(body), Event::get(format!("http://localhost/{path}")));
            let told = answer(&runtime, asked).await.expect("an answer");
            let found = told.headers.get("content-length").map(|value| value.to_str().expect("text").to_owned());
            assert_eq!((found.as_deref(), &*told.text()), (length, text), "{path}");
        }
    }
}
