// `forEach` on an array with four billion holes: the callback is never called.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    new Array(2 ** 32 - 1).forEach(() => {});
  },
};
