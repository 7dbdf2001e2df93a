// Catastrophic backtracking, in its textbook form.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return Response.json(/^(a+)+$/.test("a".repeat(64) + "!"));
  },
};
