// Fills the registry of shared symbols, which is never collected.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    for (let i = 0; ; i++) Symbol.for(`symbol-${i}`);
  },
};
