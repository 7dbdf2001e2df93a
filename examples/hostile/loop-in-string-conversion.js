// Spins while the platform converts a URL to text.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return new Response(
      new URL({
        toString() {
          for (;;);
        },
      }).href,
    );
  },
};
