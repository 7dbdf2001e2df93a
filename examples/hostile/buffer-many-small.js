// Keeps buffers of one byte: what each costs besides its byte counts too.
//
// Outcomes: Exception, ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new ArrayBuffer(1));
  },
};
