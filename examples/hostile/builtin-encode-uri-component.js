// `encodeURIComponent` of a quarter of a billion characters: one call takes far longer than the limit.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    const text = "a".repeat(2 ** 28);
    for (;;) encodeURIComponent(text);
  },
};
