// A default export whose handler cannot be called.
//
// Outcomes: ScriptError, Exception
// Quarantine: never

export default { fetch: "not a function" };
