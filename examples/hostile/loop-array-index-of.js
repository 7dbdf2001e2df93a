// A loop around `indexOf`, which is inlined as a loop of its own. See `loop-new-array.js`.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const numbers = [2, 3, 4, 5, 6, 7];
    for (;;) numbers.indexOf(1);
  },
};
