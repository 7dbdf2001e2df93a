//! Compressed bodies on their way through a guest.

use crate::support::*;

in_every_mode! {
    async fn a_body_can_be_compressed_and_decompressed_on_its_way(fixture: Fixture) {
        let host = Host::new().on_fetch(|request| async move {
            Ok(crate::support::host::fetched(request.url, 200, "upstream ".repeat(20_000)))
        });
        let runtime = fixture.runtime_for(&host);
        for format in ["gzip", "deflate", "deflate-raw", "brotli"] {
            let script = handler(&format!("const up = await fetch('http://upstream/');
                const packed = up.body.pipeThrough(new CompressionStream('{format}'));
                return new Response(packed.pipeThrough(new DecompressionStream('{format}')))"));
            assert_eq!(text(&runtime, script).await, "upstream ".repeat(20_000), "{format}");
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_codec_of_an_earlier_request_says_so(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.one_isolate_an_owner = true;
        });
        let script = "let left; export default { async fetch() {
            if (left === undefined) {
              const { readable, writable } = new CompressionStream('gzip');
              // A reader that waits for more than there will be: what is written goes to the codec at once.
              const reader = readable.getReader();
              for (let count = 0; count < 9; count++) reader.read();
              left = writable.getWriter();
              await left.write(new Uint8Array(3));
              return new Response('left');
            }
            return new Response(await left.write(new Uint8Array(3)).then(() => 'written', (error) => error.message));
          } }";
        assert_eq!(text(&runtime, script).await, "left");
        let second = text(&runtime, script).await;
        let expected = if fixture.variant.keeps_contexts() { "earlier request" } else { "left" };
        assert!(second.contains(expected), "{second}");
    }
}

in_every_mode! {
    async fn a_bomb_costs_a_guest_what_it_reads(fixture: Fixture) {
        let host = Host::new();
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.heap_max_mb = 32;
            setup.limits.cpu_ms = 0;
            setup.ops = Some(Arc::new(host.clone()));
        });
        // A chunk of some hundred kilobytes that would be 200 MB, of which the client takes what it likes.
        let script = handler("const zeroes = new Uint8Array(1 << 20);
            const compressed = new CompressionStream('gzip');
            const writer = compressed.writable.getWriter();
            (async () => { for (let i = 0; i < 200; i++) await writer.write(zeroes); await writer.close() })();
            const packed = new Uint8Array(await new Response(compressed.readable).arrayBuffer());
            console.log(packed.length < 1 << 20);
            const bomb = new Response(packed).body.pipeThrough(new DecompressionStream('gzip'));
            return new Response(bomb)");
        let call = Call::new(script, Event::get("http://localhost/"));
        let mut execution = within("the response", runtime.execute(call)).await.expect("a response");
        for _ in 0..10 {
            let chunk = within("a chunk", execution.response.body.chunk()).await.expect("the body flows");
            assert!(chunk.is_some_and(|chunk| chunk.len() <= 1 << 20));
        }
        drop(execution.response);
        assert_eq!(within("the end", execution.end).await.outcome, Outcome::Canceled);
        assert_eq!(host.log_lines(), ["true"]);
        settled(&runtime).await;
    }
}
