// Answers, and spins in the work that it left behind.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch(request, env, ctx) {
    async function spin() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (;;);
    }
    ctx.waitUntil(spin());
    return new Response("answered\n");
  },
};
