// Spins in the listener for uncaught errors, which the host calls after a timer threw.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    addEventListener("error", () => {
      for (;;);
    });
    setTimeout(() => {
      throw new Error("thrown in a timer");
    }, 1);
    return new Promise((resolve) => setTimeout(() => resolve(new Response("never seen")), 50));
  },
};
