// Parses fifty million numbers in one call.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return Response.json(JSON.parse("[" + "1,".repeat(5e7) + "1]").length);
  },
};
