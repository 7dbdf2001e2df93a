// Catastrophic backtracking inside a look-behind, which matches from right to left.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return Response.json(/(?<=^(?:a+)+)b/.test("x" + "a".repeat(64) + "b"));
  },
};
