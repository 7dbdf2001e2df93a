// Uses controllers and readers in every order that is not allowed.
//
// Outcomes: Ok
// Quarantine: never
// Answer: survived

export default {
  async fetch() {
    const attempts = [];
    const attempt = (misuse) => attempts.push(misuse);
    let kept;
    const stream = new ReadableStream({
      start(controller) {
        kept = controller;
      },
    });
    const reader = stream.getReader();
    attempt(() => stream.getReader());
    attempt(() => stream.pipeTo(new WritableStream()));
    attempt(() => kept.close());
    attempt(() => kept.close());
    attempt(() => kept.enqueue(new Uint8Array(1)));
    attempt(() => kept.error(new Error("late")));
    attempt(() => reader.releaseLock());
    attempt(() => reader.read());
    attempt(() => stream.cancel());
    attempt(() => stream.tee());
    attempt(() => new Response(stream).text());
    for (const misuse of attempts) {
      try {
        await Promise.race([misuse(), new Promise((resolve) => setTimeout(resolve, 5))]);
      } catch {
        // Any exception will do.
      }
    }
    return new Response("survived");
  },
};
