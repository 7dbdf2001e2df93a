// Answers with one header of ten megabytes.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    return new Response("answered", { headers: { "x-large": "v".repeat(10_000_000) } });
  },
};
