// Does not compile.
//
// Outcomes: ScriptError
// Quarantine: never

export default {
  fetch() {
    return new Response("unfinished"
  },
};
