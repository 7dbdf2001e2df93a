// Keeps promises that never settle, each with reactions.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) {
      const promise = new Promise(() => {});
      promise.then(() => {}).finally(() => {});
      kept.push(promise);
    }
  },
};
