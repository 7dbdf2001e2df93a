// Keeps clones of a request.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch(request) {
    const kept = [];
    for (;;) kept.push(request.clone());
  },
};
