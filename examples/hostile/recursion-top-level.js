// Recurses without end at the top level.
//
// Outcomes: Exception, ScriptError
// Quarantine: never

const recurse = (n) => recurse(n + 1) + 1;
recurse(0);

export default {
  fetch() {
    return new Response("never seen");
  },
};
