// A module without a default export.
//
// Outcomes: ScriptError
// Quarantine: never

export const fetch = () => new Response("not the default export");
