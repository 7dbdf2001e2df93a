// Giving up on a slow upstream: a `fetch` with an `AbortSignal` that fires after a deadline. When it
// does, the host drops the connection, and the client gets 504 in time instead of waiting. The deadline
// comes from the query, in milliseconds. It is not a retry policy.
//
// Run one request (any HTTP server will do as the upstream; this one is Python's):
//   python3 -m http.server 9000 --bind 127.0.0.1 &
//   isolane run examples/workers/timeout.js --env UPSTREAM=http://127.0.0.1:9000 \
//     --url 'http://localhost/README.md?deadline=1000'
// It prints the file, or, had the server taken more than a second:
//   the upstream took more than 1000 ms

export default {
  async fetch(request, env) {
    if (!env.UPSTREAM) {
      return new Response("set the variable UPSTREAM to the server to ask\n", { status: 500 });
    }
    const url = new URL(request.url);
    const deadline = Number(url.searchParams.get("deadline") ?? 1000);
    const gaveUp = new AbortController();
    const timer = setTimeout(() => gaveUp.abort(), deadline);
    try {
      const answer = await fetch(new URL(url.pathname, env.UPSTREAM), { signal: gaveUp.signal });
      return new Response(await answer.text(), { status: answer.status });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      return new Response(`the upstream took more than ${deadline} ms\n`, { status: 504 });
    } finally {
      clearTimeout(timer);
    }
  },
};
