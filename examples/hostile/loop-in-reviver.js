// Spins in the function that `JSON.parse` calls.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    JSON.parse("[1, 2]", () => {
      for (;;);
    });
  },
};
