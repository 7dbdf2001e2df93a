// Work after the response: `ctx.waitUntil` keeps the event alive until a promise settles, while the
// client already has its answer. The work stays under the request's limits. It also shows that such
// work which fails is logged and does not spoil the response: call it with `?fail`. It is not a queue:
// what must survive a crash of the host belongs in one.
//
// Run one request:
//   isolane run examples/workers/wait-until.js --url http://localhost/order
// It prints:
//   accepted
// and on standard error, afterwards:
//   bookkeeping of /order done

async function bookkeeping(pathname, fail) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (fail) throw new Error(`bookkeeping of ${pathname} failed`);
  console.log(`bookkeeping of ${pathname} done`);
}

export default {
  fetch(request, env, ctx) {
    const url = new URL(request.url);
    ctx.waitUntil(bookkeeping(url.pathname, url.searchParams.has("fail")));
    return new Response("accepted\n", { status: 202 });
  },
};
