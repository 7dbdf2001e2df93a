// Splits a text of ten million lines, and keeps the parts.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push("line\n".repeat(10_000_000).split("\n"));
  },
};
