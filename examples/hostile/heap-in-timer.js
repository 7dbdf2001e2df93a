// Fills the heap little by little, in many turns.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    setInterval(() => {
      for (let i = 0; i < 50_000; i++) kept.push({ i });
    }, 0);
    return new Promise(() => {});
  },
};
