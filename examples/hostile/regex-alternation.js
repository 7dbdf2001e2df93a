// Catastrophic backtracking through an alternation whose branches match the same.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return Response.json(/^(?:a|a|a)*$/.test("a".repeat(64) + "!"));
  },
};
