// `lastIndexOf` on an array-like object of the largest length there is.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    [].lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);
  },
};
