// Grows a map to the largest table that V8 can make.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024, cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const map = new Map();
    for (let i = 0; ; i++) map.set(i, i);
  },
};
