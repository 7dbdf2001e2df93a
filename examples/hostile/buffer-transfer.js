// Doubles a buffer by `transfer`.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let buffer = new ArrayBuffer(2 ** 20);
    for (;;) buffer = buffer.transfer(buffer.byteLength * 2);
  },
};
