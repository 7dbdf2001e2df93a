// Consumes an async iterator that never ends and never waits.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: never

export default {
  async fetch() {
    const endless = {
      [Symbol.asyncIterator]() {
        return { next: () => Promise.resolve({ value: 1, done: false }) };
      },
    };
    for await (const one of endless) {
      if (one === 2) break;
    }
  },
};
