// Joins an array whose elements add up to gigabytes.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    return new Response(new Array(4096).fill("x".repeat(2 ** 20)).join(""));
  },
};
