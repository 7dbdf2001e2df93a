// An array-filling function that is optimised by many calls first, and then called in a loop with no end.
// See `loop-new-array.js`.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 3000

export default {
  fetch() {
    function fillMany(times) {
      for (let i = 0; i < times; i++) new Array(17).fill(i);
    }
    for (let call = 0; call < 200; call++) fillMany(100_000);
    fillMany(Infinity);
  },
};
