// Decodes one buffer into texts, again and again, and keeps them.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const bytes = new Uint8Array(2 ** 20).fill(0xc3);
    const kept = [];
    for (;;) kept.push(new TextDecoder().decode(bytes));
  },
};
