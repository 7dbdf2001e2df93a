// Yields at every step, but only to microtasks: the turn never ends.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  async fetch() {
    for (;;) await null;
  },
};
