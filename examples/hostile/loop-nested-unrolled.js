// Short counted loops inside an endless one: what an unrolling compiler likes best.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const cells = new Int32Array(16);
    for (;;) {
      for (let i = 0; i < 4; i++) cells[i] += i;
      for (let i = 0; i < 16; i++) cells[i] ^= 1;
    }
  },
};
