// Answers, and fills the heap in the work that it left behind.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch(request, env, ctx) {
    async function fill() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const kept = [];
      for (;;) kept.push({});
    }
    ctx.waitUntil(fill());
    return new Response("answered\n");
  },
};
