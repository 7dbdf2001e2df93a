// Parses ten million opening brackets, which are not even JSON.
//
// Outcomes: Exception, ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return Response.json(JSON.parse("[".repeat(1e7)));
  },
};
