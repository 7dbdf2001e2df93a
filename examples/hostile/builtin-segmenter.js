// Segments a text of many million characters into words in one call of native code, again and again.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: heap_max_mb 512

export default {
  fetch() {
    const segmenter = new Intl.Segmenter("th", { granularity: "word" });
    const text = "ก".repeat(2 ** 24);
    for (;;) segmenter.segment(text).containing(2 ** 23);
  },
};
