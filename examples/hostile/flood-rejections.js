// A hundred thousand unhandled rejections, all of which the host would like to log.
//
// Outcomes: Ok, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    for (let i = 0; i < 100_000; i++) Promise.reject(new Error(`rejection ${i}`));
    return new Response("answered");
  },
};
