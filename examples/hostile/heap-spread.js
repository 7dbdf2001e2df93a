// Spreads an iterator of a billion numbers into an array.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return Response.json([...new Array(1e9).keys()].length);
  },
};
