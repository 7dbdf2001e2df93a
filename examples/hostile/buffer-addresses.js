// Reserves all addresses that it gets, in resizable buffers of half the size each time it is refused; V8 needs
// addresses for everybody's heaps.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000
// Answer: no more

export default {
  fetch() {
    const kept = [];
    for (let size = 2 ** 47; size >= 2 ** 16; size /= 2) {
      try {
        for (;;) kept.push(new ArrayBuffer(1, { maxByteLength: size }));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    return new Response("no more");
  },
};
