// Enqueues into a stream without regard to `desiredSize`.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return new Response(
      new ReadableStream({
        start(controller) {
          for (;;) controller.enqueue(new Uint8Array(65536));
        },
      }),
    );
  },
};
