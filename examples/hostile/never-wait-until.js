// Answers, and leaves work behind that never ends.
//
// Outcomes: ExceededWallTime, Ok
// Quarantine: never
// Limits: wall_ms 300
// Answer: answered

export default {
  fetch(request, env, ctx) {
    ctx.waitUntil(new Promise(() => {}));
    return new Response("answered");
  },
};
