// Answers with a body of empty chunks: nothing is ever sent, and there is always more.
//
// Outcomes: ExceededCpu, ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 2000

export default {
  fetch() {
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(0));
        },
      }),
    );
  },
};
