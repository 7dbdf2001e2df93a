// Resolves a chain of half a million promises, each of which follows the one before.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  async fetch() {
    let last = Promise.resolve("settled");
    for (let i = 0; i < 100_000; i++) last = Promise.resolve(last.then((value) => value));
    return new Response(await last);
  },
};
