// `Date.parse` of a quarter of a billion characters: one call takes far longer than the limit.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    const text = "1".repeat(2 ** 28);
    for (;;) Date.parse(text);
  },
};
