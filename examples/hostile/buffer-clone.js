// Keeps clones of one buffer.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const buffer = new ArrayBuffer(2 ** 20);
    const kept = [];
    for (;;) kept.push(structuredClone(buffer));
  },
};
