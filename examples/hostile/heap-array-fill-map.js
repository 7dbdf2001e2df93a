// One array of a hundred million elements, and another of a hundred million arrays. No headroom is enough
// for it.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return Response.json(new Array(2 ** 27).fill(1).map((x) => [x]).length);
  },
};
