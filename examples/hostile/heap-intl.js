// Keeps formatters by locale, whose tables are outside of V8's heap.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new Intl.DateTimeFormat("en", { dateStyle: "full" }));
  },
};
