// `unshift` on an array with one element at index four billion.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible

export default {
  fetch() {
    const sparse = [];
    sparse[4e9] = 1;
    sparse.unshift(0);
  },
};
