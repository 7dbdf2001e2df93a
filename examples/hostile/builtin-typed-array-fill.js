// `fill` of a quarter of a gigabyte, again and again.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    const bytes = new Uint8Array(2 ** 28);
    for (;;) bytes.fill(1);
  },
};
