// Collects a quarter of a billion matches into one array. See `invalid-size-split.js`.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    return Response.json("a".repeat(2 ** 28).match(/a/g).length);
  },
};
