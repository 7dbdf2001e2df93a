// Throws at the top level.
//
// Outcomes: Exception, ScriptError
// Quarantine: never

throw new Error("thrown at the top level");

export default {
  fetch() {
    return new Response("never seen");
  },
};
