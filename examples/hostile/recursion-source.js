// Compiles a source text that is nested a million deep.
//
// Outcomes: Exception
// Quarantine: never
// Limits: allow_eval true

export default {
  fetch() {
    new Function("return " + "[".repeat(1_000_000) + "]".repeat(1_000_000));
  },
};
