// `replaceAll` on a quarter of a billion characters. It never looks at V8's interrupt flag.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    return new Response("a".repeat(2 ** 28).replaceAll("a", "bb"));
  },
};
