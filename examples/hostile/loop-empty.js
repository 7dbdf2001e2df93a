// The plainest infinite loop.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    for (;;);
  },
};
