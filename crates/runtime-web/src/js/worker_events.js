// The events of scripts with addEventListener: FetchEvent, ScheduledEvent and TaskEvent. What an event waits for, and
// how it ends, is in entry.js: these classes hold its `invocation` and pass on to it.
//
// `internals.workerEvents.dispatch(invocation, data, env)` makes the event of that kind, with a Request or the payload as its
// data, and ends the invocation as its listeners say.

const { List, TypeError } = internals.prim;
const { Event, events, global, webidl } = internals;
const { any } = webidl.converters;

let invocationOf;

const respondWith = (event, result) => {
  const invocation = invocationOf(event);
  if (invocation.dispatched !== event || invocation.answer !== undefined) {
    throw internals.domException(
      invocation.answer !== undefined
        ? "respondWith was already called for this event"
        : "respondWith was called after the event's listeners had run",
      "InvalidStateError",
    );
  }
  invocation.answer = { __proto__: null, result };
  events.stopImmediately(event);
};

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
    respondWith(this, r);
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
    respondWith(this, result);
  }
}
webidl.exposeInterface(TaskEvent, "TaskEvent", { __proto__: null, length: 0 });

const { illegal } = webidl;
const makeEvent = (invocation, data, env) => {
  if (invocation.kind === "fetch") return new FetchEvent(illegal, invocation, data, env);
  if (invocation.kind === "task") return new TaskEvent(illegal, invocation, data, env);
  return new ScheduledEvent(illegal, invocation, data, env);
};

const dispatch = (invocation, data, env) => {
  const event = makeEvent(invocation, data, env);
  const thrown = new List();
  invocation.waitsCanFail = invocation.kind !== "fetch";
  invocation.dispatched = event;
  events.dispatch(global, event, (error) => thrown.push(error));
  invocation.dispatched = undefined;
  const { answer } = invocation;
  // The first exception ends an event without an answer, and goes with it to the host.
  const fails = thrown.length > 0 && answer === undefined;
  for (let i = fails ? 1 : 0; i < thrown.length; i++) internals.reportException(thrown[i]);
  if (fails) {
    invocation.fail("exception", thrown[0]);
  } else if (answer !== undefined) {
    invocation.settle(answer.result);
  } else if (invocation.kind === "fetch") {
    invocation.fail("bad-response", new TypeError("no listener of the fetch event called respondWith()"));
  } else {
    invocation.settle(undefined);
  }
};

internals.workerEvents = { __proto__: null, dispatch };
