// Keeps array buffers, which are outside of V8's heap and count against the same budget.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new ArrayBuffer(2 ** 20));
  },
};
