// Keeps resizable buffers that have been moved into other objects.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new ArrayBuffer(1, { maxByteLength: 2 ** 16 }).transfer());
  },
};
