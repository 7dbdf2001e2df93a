// Writes out a value that names one large text four thousand times.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return new Response(JSON.stringify(new Array(4096).fill("x".repeat(2 ** 20))));
  },
};
