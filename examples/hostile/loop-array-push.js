// A loop that keeps arrays which it allocates. See `loop-new-array.js`.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push({ x: new Array(100) });
  },
};
