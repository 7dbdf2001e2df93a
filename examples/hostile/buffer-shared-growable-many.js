// Keeps shared buffers that have grown to a mebibyte, and writes to every page of them.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (;;) {
      const buffer = new SharedArrayBuffer(0, { maxByteLength: 2 ** 20 });
      buffer.grow(2 ** 20);
      new Uint8Array(buffer).fill(1);
      kept.push(buffer);
    }
  },
};
