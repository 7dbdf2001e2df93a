// Reads a number of ten million decimal digits.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception, Ok
// Quarantine: possible

export default {
  fetch() {
    return new Response(String(BigInt("9".repeat(10_000_000)) & 1n));
  },
};
