// Spins in a getter that native code calls while it serialises.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    structuredClone({
      get endless() {
        for (;;);
      },
    });
  },
};
