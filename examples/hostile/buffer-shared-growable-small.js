// Keeps shared buffers of one byte that may grow, each of which reserves a range of addresses.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new SharedArrayBuffer(1, { maxByteLength: 2 ** 16 }));
  },
};
