// An endless loop over typed-array methods with callbacks and without.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const bytes = new Uint8Array(4096);
    for (;;) {
      bytes.fill(1).reverse().sort();
      bytes.map((byte) => byte + 1);
    }
  },
};
