// Writes out a number of a hundred million bits in decimal.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible

export default {
  fetch() {
    return new Response((1n << 100_000_000n).toString());
  },
};
