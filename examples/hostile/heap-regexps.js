// Keeps compiled patterns, all different.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (let i = 0; ; i++) {
      const pattern = new RegExp(`^(?:${"[a-z]|".repeat(50)}${i})+$`);
      pattern.test("abc");
      kept.push(pattern);
    }
  },
};
