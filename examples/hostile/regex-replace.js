// Quadratic matching in `replace`, repeated at every place of a long text.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return new Response("x".repeat(1_000_000).replace(/x+x+y/g, ""));
  },
};
