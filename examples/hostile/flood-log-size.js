// Logs few lines of many megabytes.
//
// Outcomes: Ok, ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    for (let i = 0; i < 20; i++) console.log("x".repeat(2 ** 24));
    return new Response("answered");
  },
};
