// Clones a value that is nested a million deep, natively.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    let nested = [];
    for (let i = 0; i < 1_000_000; i++) nested = [nested];
    return Response.json(structuredClone(nested).length);
  },
};
