// Grows a map. Its table doubles inside one builtin, before V8 looks at anything.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const map = new Map();
    for (let i = 0; ; i++) map.set(i, 1);
  },
};
