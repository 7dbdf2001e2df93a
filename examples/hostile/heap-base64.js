// Encodes what it encoded, until there is no room for it.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let text = "x".repeat(2 ** 20);
    for (;;) text = btoa(text);
  },
};
