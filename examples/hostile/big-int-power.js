// One exponentiation with a result of half a billion bits.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible

export default {
  fetch() {
    return new Response(String((3n ** 300_000_000n) & 1n));
  },
};
