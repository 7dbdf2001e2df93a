// A reverse proxy: forwards method, path, query, headers and body to the server named by the variable
// UPSTREAM, and streams the answer back. It shows outbound `fetch`, a request made from another, and
// what a proxy must not pass on: headers that belong to one connection. It is not a cache.
//
// Run one request (any HTTP server will do as the upstream; this one is Python's):
//   python3 -m http.server 9000 --bind 127.0.0.1 &
//   isolane run examples/workers/fetch-proxy.js --env UPSTREAM=http://127.0.0.1:9000 \
//     --url http://localhost/README.md
// It prints the file README.md of the folder in which Python was started.

// RFC 9110, section 7.6.1, and the older names that are still sent.
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Removes what concerns one connection only, `Connection`'s own list included. */
function withoutHopByHop(headers) {
  const kept = new Headers(headers);
  const listed = (headers.get("connection") ?? "").split(",").map((name) => name.trim());
  for (const name of [...HOP_BY_HOP, ...listed]) {
    if (name !== "") kept.delete(name);
  }
  return kept;
}

export default {
  async fetch(request, env) {
    if (!env.UPSTREAM) {
      return new Response("set the variable UPSTREAM to the server to forward to\n", {
        status: 500,
      });
    }
    const from = new URL(request.url);
    const to = new URL(from.pathname + from.search, env.UPSTREAM);

    const headers = withoutHopByHop(request.headers);
    headers.delete("host");
    headers.set("x-forwarded-host", from.host);

    let answer;
    try {
      answer = await fetch(to, {
        method: request.method,
        headers,
        body: request.body,
        duplex: "half",
        redirect: "manual",
      });
    } catch (error) {
      console.error(`upstream failed: ${error.message}`);
      return new Response("the upstream cannot be reached\n", { status: 502 });
    }

    const answerHeaders = withoutHopByHop(answer.headers);
    answerHeaders.append("via", "1.1 isolane");
    return new Response(answer.body, {
      status: answer.status,
      statusText: answer.statusText,
      headers: answerHeaders,
    });
  },
};
