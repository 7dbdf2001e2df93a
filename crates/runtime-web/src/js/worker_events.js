// The events of scripts with addEventListener: FetchEvent, ScheduledEvent and TaskEvent. What an event waits for, and
// how it ends, is in entry.js: these classes hold its `invocation` and pass on to it.
//
// `internals.workerEvents`: `fetchEvent(invocation, request, env)`, `scheduledEvent(invocation, payload, env)`,
// `taskEvent(invocation, payload, env)`.

const { Event, webidl } = internals;
const { any } = webidl.converters;

const workerEvents = { __proto__: null };
internals.workerEvents = workerEvents;

let invocationOf;

// `env` is not of the Service Worker specification: a script without a module has no other way to its bindings.
class ExtendableEvent extends Event {
  #invocation;
  #env;
  constructor(key = undefined, type = "", invocation = undefined, env = undefined) {
    webidl.checkIllegal(key);
    super(type);
    this.#invocation = invocation;
    this.#env = env;
  }
  get env() { return this.#env; }
  waitUntil(f) {
    const invocation = this.#invocation;
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'waitUntil' on 'ExtendableEvent'");
    invocation.waitUntil(any(f));
  }
  static {
    invocationOf = (event) => event.#invocation;
  }
}
webidl.exposeInterface(ExtendableEvent, "ExtendableEvent", { __proto__: null, length: 0 });

class FetchEvent extends ExtendableEvent {
  #request;
  constructor(key = undefined, invocation = undefined, request = undefined, env = undefined) {
    super(key, "fetch", invocation, env);
    this.#request = request;
  }
  get request() { return this.#request; }
  respondWith(r) {
    this.#request;
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'respondWith' on 'FetchEvent'");
    invocationOf(this).respondWith(this, r);
  }
  // There is no origin behind a worker here that could answer instead, so that this has no effect.
  passThroughOnException() { this.#request; }
}
webidl.exposeInterface(FetchEvent, "FetchEvent", { __proto__: null, length: 0 });

class ScheduledEvent extends ExtendableEvent {
  #cron;
  #scheduledTime;
  constructor(key = undefined, invocation = undefined, payload = undefined, env = undefined) {
    super(key, "scheduled", invocation, env);
    this.#cron = payload.cron;
    this.#scheduledTime = payload.scheduledTime;
  }
  get cron() { return this.#cron; }
  get scheduledTime() { return this.#scheduledTime; }
}
webidl.exposeInterface(ScheduledEvent, "ScheduledEvent", { __proto__: null, length: 0 });

class TaskEvent extends ExtendableEvent {
  #payload;
  constructor(key = undefined, invocation = undefined, payload = undefined, env = undefined) {
    super(key, "task", invocation, env);
    this.#payload = payload;
  }
  get name() { return this.#payload.name; }
  get payload() { return this.#payload.payload; }
  get attempt() { return this.#payload.attempt; }
  get scheduledTime() { return this.#payload.scheduledTime; }
  respondWith(result) {
    this.#payload;
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'respondWith' on 'TaskEvent'");
    invocationOf(this).respondWith(this, result);
  }
}
webidl.exposeInterface(TaskEvent, "TaskEvent", { __proto__: null, length: 0 });

const { illegal } = webidl;
workerEvents.fetchEvent = (invocation, request, env) => new FetchEvent(illegal, invocation, request, env);
workerEvents.scheduledEvent = (invocation, payload, env) => new ScheduledEvent(illegal, invocation, payload, env);
workerEvents.taskEvent = (invocation, payload, env) => new TaskEvent(illegal, invocation, payload, env);
