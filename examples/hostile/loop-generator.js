// Pulls from a generator that never ends.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    function* forever() {
      for (;;) yield 1;
    }
    for (const one of forever()) {
      if (one === 2) break;
    }
  },
};
