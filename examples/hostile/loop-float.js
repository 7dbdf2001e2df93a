// An endless loop over floating-point numbers, with a condition that can never become false.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    let x = 1;
    while (x === x) x = Math.sqrt(x + 1);
  },
};
