// Imports twenty thousand modules that do not exist.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  async fetch() {
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      await import(`./missing-${i}.js`).catch(() => {
        refused += 1;
      });
    }
    return new Response(`${refused} refused`);
  },
};
