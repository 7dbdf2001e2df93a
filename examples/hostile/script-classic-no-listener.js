// A classic script that listens to nothing.
//
// Outcomes: ScriptError
// Quarantine: never

console.log("loaded");
