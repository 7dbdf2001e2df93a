// Answers with one branch of an endless stream, and leaves the other branch to pile up.
//
// Outcomes: ExceededMemory, ExceededCpu, ExceededWallTime, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const source = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(65536));
      },
    });
    const [answered, forgotten] = source.tee();
    globalThis.forgotten = forgotten;
    return new Response(answered);
  },
};
