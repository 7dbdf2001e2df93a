// Spreads a long array into the arguments of a call.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return Response.json(Math.max(...new Array(1e8).fill(1)));
  },
};
