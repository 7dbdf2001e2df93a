// Makes every object a thenable that never settles, which is the guest's own loss: its response never
// arrives.
//
// Outcomes: Exception, ExceededWallTime, Ok
// Quarantine: never
// Limits: wall_ms 300

export default {
  fetch() {
    Object.prototype.then = function () {};
    return new Response("lost");
  },
};
