// A loop around `fill`, which is inlined as a loop of its own. See `loop-new-array.js`.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    for (;;) new Array(17).fill(1);
  },
};
