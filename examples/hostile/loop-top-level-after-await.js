// Spins after a top-level `await`, so in a turn after the one that began the evaluation.
//
// Outcomes: ExceededCpu
// Quarantine: never

await new Promise((resolve) => setTimeout(resolve, 1));
for (;;);

export default {
  fetch() {
    return new Response("never seen");
  },
};
