// Tries to outlive termination: catches, and answers from `finally`.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    try {
      for (;;);
    } catch {
      return new Response("caught");
    } finally {
      return new Response("outlived");
    }
  },
};
