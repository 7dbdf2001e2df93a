// An endless loop that does all its work in a small function, which is inlined.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    function next(state) {
      return (Math.imul(state, 1664525) + 1013904223) | 0;
    }
    let state = 1;
    for (;;) state = next(state);
  },
};
