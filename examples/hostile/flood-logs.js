// Logs a million lines: the host must drop what is too much, and must not store it.
//
// Outcomes: Ok, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 1000

export default {
  fetch() {
    for (let i = 0; i < 1_000_000; i++) console.log("line", i);
    return new Response("answered");
  },
};
