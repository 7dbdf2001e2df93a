// Waits at the top level for what never comes.
//
// Outcomes: ExceededWallTime, Exception, ScriptError
// Quarantine: never
// Limits: wall_ms 300

await new Promise(() => {});

export default {
  fetch() {
    return new Response("never seen");
  },
};
