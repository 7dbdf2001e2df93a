// Fills the heap, and catches everything on the way.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) {
      try {
        kept.push(new Array(100_000).fill(kept.length));
      } catch {
        kept.push("caught");
      }
    }
  },
};
