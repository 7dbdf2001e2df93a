// Catastrophic backtracking as it gets into real programs: words, each with optional white space after it.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return Response.json(/^(?:\w+\s?)*$/.test("an innocent sentence of some length with a dot at the end."));
  },
};
