// Waits for more and more promises at once.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    function* endless() {
      for (;;) yield new Promise(() => {});
    }
    return Promise.all(endless());
  },
};
