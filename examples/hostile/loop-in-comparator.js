// Spins in a comparator, called by the sorting builtin.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    [3, 1, 2].sort(() => {
      for (;;);
    });
  },
};
