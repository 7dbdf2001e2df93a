// Registers targets that stay alive with a finalisation registry.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    const registry = new FinalizationRegistry(() => {});
    for (let i = 0; ; i++) {
      const target = { i };
      registry.register(target, new WeakRef(target), target);
      kept.push(target);
    }
  },
};
