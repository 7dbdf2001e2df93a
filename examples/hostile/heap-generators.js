// Keeps suspended generators, each with an array on its stack.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    function* suspended() {
      const ballast = new Array(64).fill(1.5);
      yield ballast;
      yield ballast.length;
    }
    for (;;) {
      const generator = suspended();
      generator.next();
      kept.push(generator);
    }
  },
};
