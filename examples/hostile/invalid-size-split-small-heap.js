// The same as `invalid-size-split.js`, with a heap that is too small for the text itself.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible

export default {
  fetch() {
    return Response.json("a".repeat(2 ** 28).split("").length);
  },
};
