// Grows one WebAssembly memory, and writes to every page of it.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    for (;;) {
      memory.grow(64);
      new Uint8Array(memory.buffer).fill(1);
    }
  },
};
