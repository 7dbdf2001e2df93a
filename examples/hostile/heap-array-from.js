// `Array.from` an object that claims a billion elements.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return Response.json(Array.from({ length: 1e9 }, (_, i) => i).length);
  },
};
