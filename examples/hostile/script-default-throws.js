// A default export whose handler throws when the host looks for it.
//
// Outcomes: ScriptError, Exception
// Quarantine: never

export default {
  get fetch() {
    throw new Error("looked");
  },
};
