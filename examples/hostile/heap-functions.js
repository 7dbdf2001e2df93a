// Compiles functions from text, all different, and keeps them.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000, allow_eval true

export default {
  fetch() {
    const kept = [];
    for (let i = 0; ; i++) kept.push(new Function(`return [${i}, ${i + 1}, "${i}"]`));
  },
};
