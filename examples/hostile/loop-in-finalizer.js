// Spins in a finalisation callback, which V8 runs in a task of its own.
//
// Outcomes: ExceededCpu, Ok
// Quarantine: never

export default {
  async fetch() {
    const registry = new FinalizationRegistry(() => {
      for (;;);
    });
    for (let i = 0; i < 20_000; i++) registry.register(new Array(100).fill(i), i);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return new Response("answered");
  },
};
