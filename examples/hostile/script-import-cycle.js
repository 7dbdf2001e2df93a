// Imports itself, and uses what is not initialised yet.
//
// Outcomes: Exception, ScriptError
// Quarantine: never

import self from "./script-import-cycle.js";

self.fetch();

export default {
  fetch() {
    return new Response("never seen");
  },
};
