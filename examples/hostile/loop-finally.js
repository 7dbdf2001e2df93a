// A loop whose `finally` jumps back, so that leaving it by an exception starts it again.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    for (;;) {
      try {
        for (;;);
      } finally {
        continue;
      }
    }
  },
};
