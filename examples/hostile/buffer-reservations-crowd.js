// Takes all that it gets of what reserves addresses, and holds it for a while, as many owners do at once.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000
// Answer: held
// Owners at once: 16

export default {
  async fetch() {
    const kept = [];
    const all = (make) => {
      try {
        for (;;) kept.push(make());
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    };
    for (let size = 2 ** 46; size > 2 ** 32; size /= 2) all(() => new ArrayBuffer(1, { maxByteLength: size }));
    all(() => new WebAssembly.Memory({ initial: 1 }));
    all(() => new SharedArrayBuffer(1, { maxByteLength: 2 ** 20 }));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return new Response("held");
  },
};
