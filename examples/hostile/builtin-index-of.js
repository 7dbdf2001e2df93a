// `indexOf` on an array-like object of the largest length there is. It never looks at V8's interrupt flag.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    [].indexOf.call({ length: 2 ** 53 - 1 }, 1);
  },
};
