// Catastrophic backtracking with a back-reference, which no engine can turn into an automaton.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return Response.json(/^(a*)*\1b$/.test("a".repeat(64)));
  },
};
