// Fills the heap at the top level, before there is any handler.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000, startup_cpu_ms 10000

const kept = [];
for (;;) kept.push({});

export default {
  fetch() {
    return new Response("never seen");
  },
};
