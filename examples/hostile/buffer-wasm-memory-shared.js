// Grows shared WebAssembly memories as far as each of them goes, and keeps them.
//
// Outcomes: Exception, ExceededMemory, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) {
      const memory = new WebAssembly.Memory({ initial: 0, maximum: 1024, shared: true });
      kept.push(memory);
      try {
        for (;;) {
          memory.grow(64);
          new Uint8Array(memory.buffer).fill(1);
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  },
};
