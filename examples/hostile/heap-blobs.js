// Keeps blobs.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new Blob(["x".repeat(2 ** 20)]));
  },
};
