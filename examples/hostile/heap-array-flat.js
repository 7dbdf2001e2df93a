// Flattens an array that holds one array a hundred thousand times.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const part = new Array(100_000).fill(0);
    return Response.json(new Array(100_000).fill(part).flat().length);
  },
};
