// Recurses again on the way out of every frame: exponential, and full of stack overflows.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    function recurse() {
      try {
        recurse();
      } finally {
        recurse();
      }
    }
    recurse();
  },
};
