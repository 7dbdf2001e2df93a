// Clones a growing list of clones. The serialised form is outside of V8's heap.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let value = [new Array(1000).fill("text")];
    for (;;) value = [structuredClone(value), structuredClone(value)];
  },
};
