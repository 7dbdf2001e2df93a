// Grows a set. See `heap-map-set.js`.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const set = new Set();
    for (let i = 0; ; i++) set.add(i);
  },
};
