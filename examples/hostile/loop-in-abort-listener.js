// Spins in a listener that `abort()` calls synchronously.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", () => {
      for (;;);
    });
    controller.abort();
    return new Response("never seen");
  },
};
