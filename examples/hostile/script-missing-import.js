// Imports a module that does not exist.
//
// Outcomes: ScriptError
// Quarantine: never

import "./does-not-exist.js";

export default {
  fetch() {
    return new Response("never seen");
  },
};
