// Keeps resizable buffers that reserve four gigabytes of addresses each.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new ArrayBuffer(1, { maxByteLength: 2 ** 32 }));
  },
};
