// Writes into a transform stream that nobody reads, without waiting for `ready`.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const { writable } = new TransformStream();
    const writer = writable.getWriter();
    for (;;) writer.write(new Uint8Array(65536)).catch(() => {});
  },
};
