// `indexOf` on an array with four billion holes. It never looks at V8's interrupt flag.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    new Array(2 ** 32 - 1).indexOf(1);
  },
};
