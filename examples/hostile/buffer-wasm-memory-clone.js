// Keeps clones of the buffers of shared memories, and not the memories.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
      kept.push(structuredClone(memory.buffer));
    }
  },
};
