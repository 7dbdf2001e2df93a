// Keeps what belongs to one event and uses it in the next: its request, its context, its stream.
//
// Outcomes: Ok, Exception
// Quarantine: never

let kept;

export default {
  fetch(request, env, ctx) {
    const before = kept;
    kept = { request, ctx };
    const body = new ReadableStream({
      start(controller) {
        kept.controller = controller;
        controller.enqueue(new TextEncoder().encode("own"));
        controller.close();
      },
    });
    if (before !== undefined) {
      for (const misuse of [
        () => before.ctx.waitUntil(Promise.reject(new Error("late"))),
        () => before.ctx.waitUntil(new Promise(() => {})),
        () => before.controller.enqueue(new Uint8Array(1)),
        () => before.request.text().catch(() => {}),
        () => before.request.headers.set("x", "y"),
        () => before.request.signal?.dispatchEvent(new Event("abort")),
      ]) {
        try {
          misuse();
        } catch {
          // Any exception will do.
        }
      }
    }
    return new Response(body);
  },
};
