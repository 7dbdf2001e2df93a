// A hundred thousand rejections that are handled only after the host has noticed them.
//
// Outcomes: Ok, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  async fetch() {
    const rejected = [];
    for (let i = 0; i < 100_000; i++) rejected.push(Promise.reject(i));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const promise of rejected) promise.catch(() => {});
    return new Response("answered");
  },
};
