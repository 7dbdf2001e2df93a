// What the handler of a scheduled event gets: a ScheduledController. `internals.scheduledController(payload)` makes one.

const { webidl } = internals;

class ScheduledController {
  #cron;
  #scheduledTime;
  constructor(key = undefined, payload = undefined) {
    webidl.checkIllegal(key);
    this.#cron = payload.cron;
    this.#scheduledTime = payload.scheduledTime;
  }
  get cron() { return this.#cron; }
  get scheduledTime() { return this.#scheduledTime; }
  // Nothing is retried here: the one who schedules decides from the outcome.
  noRetry() { this.#cron; }
}
webidl.exposeInterface(ScheduledController);

internals.scheduledController = (payload) => new ScheduledController(webidl.illegal, payload);
