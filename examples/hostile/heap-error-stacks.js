// Keeps errors with stacks of ten thousand frames.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    Error.stackTraceLimit = Infinity;
    const kept = [];
    function deep(n) {
      return n === 0 ? kept.push(new Error("deep")) : deep(n - 1) + 1;
    }
    for (;;) deep(5000);
  },
};
