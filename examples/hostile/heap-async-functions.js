// Starts async functions that wait for each other.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let before = new Promise(() => {});
    async function wait(promise) {
      await promise;
    }
    for (;;) before = wait(before);
  },
};
