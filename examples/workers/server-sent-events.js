// Server-sent events: a response that is written over time. The stream's `pull` is called only when the
// client has room for more, and `cancel` when it goes away, so a slow or lost client costs nothing. It
// is not a broadcast: each request has a stream of its own.
//
// Run one request:
//   isolane run examples/workers/server-sent-events.js --url 'http://localhost/?count=2'
// It prints, 10 ms apart:
//   id: 1
//   data: {"left":1}
//   (an empty line)
//   id: 2
//   data: {"left":0}
//   (an empty line)

const MAX_EVENTS = 100;

export default {
  fetch(request) {
    const asked = Number(new URL(request.url).searchParams.get("count") ?? 3);
    if (!Number.isInteger(asked) || asked < 0 || asked > MAX_EVENTS) {
      return new Response(`count must be between 0 and ${MAX_EVENTS}\n`, { status: 400 });
    }
    const encoder = new TextEncoder();
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        if (sent === asked) {
          controller.close();
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
        sent += 1;
        controller.enqueue(encoder.encode(`id: ${sent}\ndata: {"left":${asked - sent}}\n\n`));
      },
      cancel(reason) {
        console.log(`the client left after ${sent} events: ${reason}`);
      },
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  },
};
