// Starts a hundred thousand host operations and waits for none of them.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    const bytes = new Uint8Array(1024);
    for (let i = 0; i < 100_000; i++) crypto.subtle.digest("SHA-256", bytes).catch(() => {});
    return new Response("answered");
  },
};
