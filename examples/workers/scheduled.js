// A worker for the clock: `scheduled` runs when the host's scheduler says so, with the cron expression
// that fired and the time for which it was planned. There is nobody to answer, so its result is its
// effects: here a log line, and work handed to `ctx.waitUntil`, which the event waits for. It is not a
// scheduler: deciding when to run is the host's.
//
// Run one event:
//   isolane run examples/workers/scheduled.js --event scheduled
// It prints nothing on standard output; on standard error, among others:
//   report sent
//
// The same worker answers requests too:
//   isolane run examples/workers/scheduled.js
// It prints:
//   this worker runs on a schedule

async function sendReport() {
  await new Promise((resolve) => setTimeout(resolve, 5));
  console.log("report sent");
}

export default {
  scheduled(controller, env, ctx) {
    if (typeof controller.scheduledTime !== "number" || typeof controller.cron !== "string") {
      throw new TypeError("a scheduled event carries scheduledTime and cron");
    }
    console.log(`started by ${controller.cron === "" ? "hand" : `cron "${controller.cron}"`}`);
    ctx.waitUntil(sendReport());
  },

  fetch() {
    return new Response("this worker runs on a schedule\n");
  },
};
