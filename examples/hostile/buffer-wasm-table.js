// Keeps WebAssembly tables of ten million elements.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new WebAssembly.Table({ initial: 10_000_000, element: "externref" }));
  },
};
