// Keeps encoded texts, whose bytes are outside of V8's heap.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const encoder = new TextEncoder();
    const text = "x".repeat(2 ** 20);
    const kept = [];
    for (;;) kept.push(encoder.encode(text));
  },
};
