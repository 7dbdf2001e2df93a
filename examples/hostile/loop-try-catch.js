// A loop that catches whatever is thrown into it: termination must not be catchable.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    for (;;) {
      try {
        for (;;) {
          JSON.parse("{");
        }
      } catch {
        continue;
      }
    }
  },
};
