// Keeps WebAssembly memories of 64 MiB.
//
// Outcomes: Exception, ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new WebAssembly.Memory({ initial: 1024 }));
  },
};
