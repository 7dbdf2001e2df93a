//! What guests do most: URLs, responses, and streamed bodies.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use runtime_facade::{Event, Worker};

use crate::support::{Repeater, client, limits};

const CHUNK_BYTES: u64 = 16 * 1024;

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guest");
    let mut url = Repeater::new(
        "",
        "check = new URL('https://example.com:8080/a/b/../c?x=1&y=2#top').pathname.length;",
        4,
    );
    group.bench_function("url-parse", |bencher| bencher.iter_custom(|rounds| url.time(rounds)));
    let mut relative = Repeater::new(
        "const base = new URL('https://example.com/a/');",
        "check = new URL('./b?c=d', base).search.length;",
        4,
    );
    group.bench_function("url-parse-relative", |bencher| bencher.iter_custom(|rounds| relative.time(rounds)));
    let mut response = Repeater::new(
        "const text = 'x'.repeat(1024); const headers = { 'content-type': 'text/plain' };",
        "check = new Response(text, { headers }).status;",
        200,
    );
    group.bench_function("response-1-KiB", |bencher| bencher.iter_custom(|rounds| response.time(rounds)));
    let mut empty = Repeater::new("", "check = 1;", 1);
    group.bench_function("nothing", |bencher| bencher.iter_custom(|rounds| empty.time(rounds)));
    group.finish();

    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Bytes(CHUNK_BYTES));
    group.bench_function("guest-to-host-16-KiB-chunk", |bencher| bencher.iter_custom(stream));
    group.finish();
}

/// How long so many chunks take from a guest's stream to the host.
fn stream(chunks: u64) -> Duration {
    let source = format!(
        "const chunk = new Uint8Array({CHUNK_BYTES}).fill(7);
        export default {{
          fetch() {{
            let left = {chunks};
            return new Response(new ReadableStream({{
              pull(controller) {{
                if (left-- > 0) controller.enqueue(chunk.slice());
                else controller.close();
              }},
            }}));
          }},
        }};"
    );
    client().block_on(async {
        let mut worker = Worker::new(source, limits()).await.expect("the guest's code loads");
        let started = Instant::now();
        let mut execution = worker.exec(Event::get("http://localhost/")).await.expect("the guest answers");
        let mut bytes = 0;
        while let Some(chunk) = execution.response.body.chunk().await.expect("the stream does not break off")
        {
            bytes += chunk.len() as u64;
        }
        let elapsed = started.elapsed();
        assert_eq!(bytes, chunks * CHUNK_BYTES);
        elapsed
    })
}
