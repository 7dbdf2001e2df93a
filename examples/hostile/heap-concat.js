// Doubles an array by concatenating it with itself.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let array = [1, 2, 3, 4];
    for (;;) array = array.concat(array);
  },
};
