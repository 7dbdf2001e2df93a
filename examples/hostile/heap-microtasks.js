// Queues microtasks without ever letting one run. The queue is outside of V8's heap and doubles.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    for (;;) Promise.resolve().then(() => {});
  },
};
