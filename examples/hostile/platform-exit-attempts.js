// Tries what ends a process elsewhere.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  fetch() {
    for (const attempt of [
      () => process.exit(1),
      () => Deno.exit(1),
      () => process.abort(),
      () => quit(),
      () => close(),
      () => new Function("%Abort(1)")(),
      () => require("process").kill(0),
      () => globalThis.constructor.constructor("return process")().exit(),
    ]) {
      try {
        attempt();
      } catch {
        // Refused, as it should be.
      }
    }
    return new Response("still here");
  },
};
