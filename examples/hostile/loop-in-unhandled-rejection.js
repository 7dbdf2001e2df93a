// Spins in the listener for unhandled rejections, which the host calls.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    addEventListener("unhandledrejection", () => {
      for (;;);
    });
    Promise.reject(new Error("nobody handles this"));
    return new Promise((resolve) => setTimeout(() => resolve(new Response("never seen")), 50));
  },
};
