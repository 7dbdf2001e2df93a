// Sorts a typed array of thirty million numbers, again and again.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    const numbers = new Float64Array(2 ** 25);
    for (let i = 0; i < numbers.length; i++) numbers[i] = (i * 7919) % 1_000_003;
    for (;;) numbers.sort().reverse();
  },
};
