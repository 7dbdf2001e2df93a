// Keeps parsed URLs.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (let i = 0; ; i++) kept.push(new URL(`https://example.org/${"p/".repeat(500)}${i}?q=${i}#f`));
  },
};
