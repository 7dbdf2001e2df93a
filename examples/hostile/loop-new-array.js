// A loop around an array allocation. Optimised, it has no interrupt check where loop unrolling is on, and
// then V8 never stops it.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    for (;;) new Array(17).length;
  },
};
