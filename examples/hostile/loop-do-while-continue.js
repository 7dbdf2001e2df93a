// A loop whose body jumps to its own head, nested three deep with labels.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    outer: do {
      middle: do {
        do {
          if (Math.sign(1) === 1) continue outer;
        } while (true);
      } while (true);
    } while (true);
  },
};
