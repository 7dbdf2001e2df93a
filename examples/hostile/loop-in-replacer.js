// Spins in the function that `replace` calls.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    "text".replace(/t/g, () => {
      for (;;);
    });
  },
};
