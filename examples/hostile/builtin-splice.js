// `splice` near the front of an array-like object of the largest length there is.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible

export default {
  fetch() {
    [].splice.call({ length: 2 ** 53 - 2 }, 0, 1);
  },
};
