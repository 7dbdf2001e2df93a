// Spins in a timer, in a turn of its own.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    setTimeout(() => {
      for (;;);
    }, 1);
    return new Promise(() => {});
  },
};
