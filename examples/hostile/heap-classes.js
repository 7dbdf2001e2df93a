// Keeps classes, each of which has hidden classes and a prototype of its own.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const kept = [];
    for (let i = 0; ; i++) {
      kept.push(
        class {
          #secret = i;
          [`method${i}`]() {
            return this.#secret;
          }
        },
      );
    }
  },
};
