// Throws an error with a message of a hundred million characters.
//
// Outcomes: Exception, ExceededMemory, ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    throw new Error("x".repeat(100_000_000));
  },
};
