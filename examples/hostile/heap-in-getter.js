// Fills the heap in a getter that native code calls while it serialises.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    structuredClone({
      get endless() {
        for (;;) kept.push({});
      },
    });
  },
};
