// Case mapping, by locale, of a quarter of a billion characters: one call takes far longer than the limit.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    const text = "aß".repeat(2 ** 27);
    for (;;) text.toLocaleUpperCase("tr");
  },
};
