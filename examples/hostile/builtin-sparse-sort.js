// `sort` of an array with one element at index four billion. It never looks at V8's interrupt flag.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible

export default {
  fetch() {
    const sparse = [];
    sparse[4e9] = 1;
    sparse.sort();
  },
};
