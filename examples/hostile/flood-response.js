// Answers with a body that never ends. With `response_bytes`, it ends there, and the client knows that it
// is not whole.
//
// Outcomes: Exception, ExceededCpu, ExceededMemory, ExceededWallTime
// Quarantine: never
// Limits: response_bytes 1048576, wall_ms 2000

export default {
  fetch() {
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(65536));
        },
      }),
    );
  },
};
