// Chains closures, each of which keeps the one before and an array.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let last = () => 0;
    for (;;) {
      const before = last;
      const ballast = new Array(64).fill(1.5);
      last = () => before.length + ballast.length;
    }
  },
};
