// Functions of the host: an embedder registers async Rust functions under a name, and the worker calls
// them as methods of `env.NAME`. This one expects a binding STORE with `get(key)`, which gives a text or
// null, and `put(key, value)`. The binding is the only way out that the worker has. It is not available
// under the plain command line, which registers none; the embedding guide shows the Rust side.
//
// Run one request:
//   isolane run examples/workers/bindings.js --url http://localhost/colour
// It prints, because nothing is bound:
//   the host has bound no STORE

export default {
  async fetch(request, env) {
    if (env.STORE === undefined) {
      return new Response("the host has bound no STORE\n", { status: 501 });
    }
    const key = new URL(request.url).pathname.slice(1);
    if (request.method === "PUT") {
      await env.STORE.put(key, await request.text());
      return new Response(null, { status: 204 });
    }
    const value = await env.STORE.get(key);
    return value === null
      ? new Response(`nothing is stored under ${key}\n`, { status: 404 })
      : new Response(`${value}\n`);
  },
};
