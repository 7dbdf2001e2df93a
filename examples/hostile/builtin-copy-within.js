// `copyWithin` on an array-like object of the largest length there is.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    [].copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1);
  },
};
