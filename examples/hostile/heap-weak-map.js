// Chains entries of a weak map, so that collecting one takes looking at all.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const map = new WeakMap();
    const first = {};
    let last = first;
    for (;;) {
      const next = { first };
      map.set(last, next);
      last = next;
    }
  },
};
