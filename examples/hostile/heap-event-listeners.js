// Adds listeners to one target.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const target = new EventTarget();
    for (;;) target.addEventListener("never", () => {});
  },
};
