// `localeCompare` of a quarter of a billion characters: one call takes far longer than the limit.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    const left = "a".repeat(2 ** 28) + "b";
    const right = "a".repeat(2 ** 28) + "c";
    for (;;) left.localeCompare(right);
  },
};
