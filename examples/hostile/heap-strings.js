// Keeps flat texts of a megabyte.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(JSON.stringify("x".repeat(2 ** 20)));
  },
};
