// Recurses again in every handler: exponential, and catches whatever is thrown.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    function recurse() {
      try {
        recurse();
      } catch {
        recurse();
      }
    }
    recurse();
  },
};
