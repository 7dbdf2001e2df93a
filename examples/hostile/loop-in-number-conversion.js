// Spins while the platform converts a timer's delay to a number.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    setTimeout(() => {}, {
      valueOf() {
        for (;;);
      },
    });
    return new Response("never seen");
  },
};
