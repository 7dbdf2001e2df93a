// Asks the host for random bytes without end.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: never

export default {
  fetch() {
    const bytes = new Uint8Array(65536);
    for (;;) crypto.getRandomValues(bytes);
  },
};
