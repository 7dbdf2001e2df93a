// Makes a small resizable buffer large.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const buffer = new ArrayBuffer(1, { maxByteLength: 2 ** 32 });
    for (let size = 2 ** 20; ; size *= 2) {
      buffer.resize(size);
      new Uint8Array(buffer).fill(1);
    }
  },
};
