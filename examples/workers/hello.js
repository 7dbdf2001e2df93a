// The smallest worker: one handler, one response. It shows the shape of every other worker here,
// an ES module whose default export has a `fetch` method. It is not a template for routing or for
// errors: see `json-api.js` and `errors.js`.
//
// Run one request:
//   isolane run examples/workers/hello.js --url 'http://localhost/?name=Ada'
// It prints:
//   Hello, Ada!
//
// Serve it:
//   isolane serve examples/workers/hello.js
//   curl 'http://127.0.0.1:8787/?name=Ada'

export default {
  fetch(request) {
    const name = new URL(request.url).searchParams.get("name") || "world";
    return new Response(`Hello, ${name}!\n`, {
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  },
};
