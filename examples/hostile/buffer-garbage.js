// Makes buffers and drops them: garbage must be collected before the budget refuses more.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    for (;;) new ArrayBuffer(2 ** 20);
  },
};
