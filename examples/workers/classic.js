// The older form of a worker: a classic script (no `export`) that listens for `fetch` events. It shows
// `respondWith`, `waitUntil` and that a listener may answer later. New workers should be modules, as
// `hello.js` is; this form is here for code that exists already.
//
// Run one request:
//   isolane run examples/workers/classic.js --url http://localhost/orders/7
// It prints:
//   GET /orders/7 was handled by a classic script
// and on standard error:
//   answered /orders/7

addEventListener("fetch", (event) => {
  event.respondWith(handle(event));
});

async function handle(event) {
  const { method, url } = event.request;
  const { pathname } = new URL(url);
  await null;
  event.waitUntil(record(pathname));
  return new Response(`${method} ${pathname} was handled by a classic script\n`);
}

async function record(pathname) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  console.log(`answered ${pathname}`);
}
