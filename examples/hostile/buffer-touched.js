// Keeps array buffers and writes to every page of them.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new Uint8Array(2 ** 20).fill(1));
  },
};
