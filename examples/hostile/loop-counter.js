// A loop that counts, which the optimising compiler replaces on the stack within milliseconds.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    let count = 0;
    while (true) count = (count + 1) | 0;
  },
};
