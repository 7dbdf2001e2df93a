// What handlers of a module get beside the event's data: ExecutionContext and ScheduledController. What an event waits
// for, and how it ends, is in entry.js: an ExecutionContext holds its `invocation` and passes on to it.
//
// `internals.invocationObjects`: `executionContext(invocation)`, `scheduledController(payload)`.

const { webidl } = internals;

class ExecutionContext {
  #invocation;
  constructor(key = undefined, invocation = undefined) {
    webidl.checkIllegal(key);
    this.#invocation = invocation;
  }
  waitUntil(promise) {
    const invocation = this.#invocation;
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'waitUntil' on 'ExecutionContext'");
    invocation.waitUntil(promise);
  }
  // See FetchEvent.
  passThroughOnException() { this.#invocation; }
}
webidl.exposeInterface(ExecutionContext);

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

const { illegal } = webidl;
internals.invocationObjects = {
  __proto__: null,
  executionContext: (invocation) => new ExecutionContext(illegal, invocation),
  scheduledController: (payload) => new ScheduledController(illegal, payload),
};
