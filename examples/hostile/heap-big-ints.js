// Keeps numbers of a million bits.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (let i = 0n; ; i++) kept.push((1n << 1_000_000n) + i);
  },
};
