// Keeps WebAssembly memories of no page that may have four gigabytes.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new WebAssembly.Memory({ initial: 0, maximum: 65536 }));
  },
};
