// Where the host enters the guest: starts events, fires timers, reports rejections, and ends each event exactly
// once. Which handler runs, what counts as an answer to a request and what an event waits for is decided here; how a
// Request or a Response is made is not. Events for listeners are in worker_events.js, the answers of tasks in tasks.js.
//
// An event ("invocation") holds on to four kinds of work: the handler, the promises given to waitUntil, the body that is
// still being written, and the client's WebSocket. It ends with `native.finish` when all have settled. A failure before the
// answer ends it at once with `native.fail`; a failure after it (a body whose stream errors) ends it with
// `native.fail` once the rest has settled.

const { PromisePrototypeThen, PromiseResolve, ReflectApply, TypeError, defineValue, isolate } = internals.prim;
const { global, ifLoaded, requestEpoch, responses, webidl } = internals;
const { isResponse } = responses;

// The default export of the worker's module, if it has one.
let handlers = undefined;
let current = undefined;

const describe = (value) => {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (typeof value === "function") return "a function";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
};

class Invocation {
  constructor(kind) {
    this.kind = kind;
    this.holds = 1;
    this.answered = false;
    this.ended = false;
    // { error } of a failure after the answer.
    this.failure = undefined;
    // Whether a rejected promise given to waitUntil fails the event: of a scheduled or task event in a script, the
    // promises are all that tells whether the work was done.
    this.waitsCanFail = false;
    // Set while listeners of a FetchEvent or TaskEvent run: only then may they call respondWith.
    this.dispatched = undefined;
    // { result } of respondWith.
    this.answer = undefined;
  }

  // --- Ends

  release() {
    this.holds -= 1;
    if (this.holds > 0 || this.ended) return;
    this.ended = true;
    if (this.failure === undefined) native.finish();
    else native.fail("exception", this.failure.error);
  }

  // Ends the event now, unless it has been answered: then when all work has settled.
  fail(kind, error) {
    if (this.ended) return;
    if (this.answered) {
      if (this.failure === undefined) this.failure = { __proto__: null, error };
      return;
    }
    this.ended = true;
    native.fail(kind, error);
  }

  // The context is given to another request: whatever is still pending can no longer reach the host.
  abandon() {
    this.ended = true;
  }

  waitUntil(value) {
    if (this.ended) {
      throw internals.domException("waitUntil was called after the event had ended", "InvalidStateError");
    }
    this.holds += 1;
    PromisePrototypeThen(PromiseResolve(value), () => this.release(), (reason) => {
      if (!this.ended) {
        internals.logUncaught("Uncaught (in waitUntil)", reason);
        if (this.waitsCanFail && this.failure === undefined) {
          this.failure = { __proto__: null, error: reason };
        }
      }
      this.release();
    });
  }

  // --- Answers

  // Throws, with nothing sent, if HTTP cannot carry one of the headers.
  respond(status, statusText, headers, bytes, source, socket = -1) {
    native.respond(status, statusText, headers, bytes, source, socket);
    this.answered = true;
  }

  sendResponse(response) {
    if (!isResponse(response)) {
      const error = new TypeError(`the fetch handler gave ${describe(response)}, expected a Response`);
      this.fail("bad-response", error);
      return;
    }
    let parts;
    try {
      parts = responses.forHost(response);
    } catch (error) {
      this.fail("bad-response", error);
      return;
    }
    const { status, statusText, headers, bytes, source, stream, webSocket } = parts;
    if (webSocket !== null) internals.sockets.answer(this, status, statusText, headers, webSocket);
    else if (stream !== null) internals.pumps.answer(this, status, statusText, headers, stream);
    else this.respond(status, statusText, headers, bytes, source);
  }

  take(result) {
    if (this.ended) return;
    // The answer is not the guest's code any more: what goes wrong in here must not be lost.
    try {
      if (this.kind === "task") internals.tasks.answer(this, result);
      else if (this.kind === "fetch") this.sendResponse(result);
    } catch (error) {
      this.fail("bad-response", error);
    }
    this.release();
  }

  // The handler's result: a value or a promise of one.
  settle(result) {
    if (this.kind === "fetch" && isResponse(result)) {
      this.take(result);
      return;
    }
    PromisePrototypeThen(PromiseResolve(result), (value) => this.take(value), (reason) => {
      this.fail("exception", reason);
    });
  }
}
isolate(Invocation);

// --- env -----------------------------------------------------------------------------------------------

// A new object for every event: what a handler writes to it is gone with the event.
const makeEnv = () => {
  const { vars, bindings } = native.env();
  const env = {};
  for (let i = 0; i < vars.length; i += 2) defineValue(env, vars[i], vars[i + 1]);
  for (let i = 0; i < bindings.length; i += 2) {
    defineValue(env, bindings[i], internals.makeBinding(bindings[i], bindings[i + 1]));
  }
  return env;
};

// --- Called by the host --------------------------------------------------------------------------------

const setModule = (namespace) => {
  const exported = namespace.default;
  handlers = webidl.isObject(exported) ? exported : undefined;
};

const dataOf = (kind, payload) =>
  kind === "fetch"
    ? internals.requests.fromHost(payload.method, payload.url, payload.headers, payload.body)
    : payload;

const start = (invocation, kind, payload) => {
  const handler = handlers === undefined ? undefined : handlers[kind];
  if (typeof handler === "function") {
    const context = internals.executionContext(invocation);
    const argument = kind === "task" ? internals.tasks.argument(payload)
      : kind === "scheduled" ? internals.scheduledController(payload)
      : dataOf(kind, payload);
    invocation.settle(ReflectApply(handler, handlers, [argument, makeEnv(), context]));
  } else if (ifLoaded("events")?.listenerCount(global, kind) > 0) {
    internals.workerEvents.dispatch(invocation, dataOf(kind, payload), makeEnv());
  } else {
    invocation.fail("no-handler", new TypeError(
      `the script has no ${kind} handler: export a default object with a ${kind}() method, or call ` +
      `addEventListener("${kind}", ...)`,
    ));
  }
};

const begin = (kind, payload) => {
  const invocation = new Invocation(kind);
  current = invocation;
  try {
    start(invocation, kind, payload);
  } catch (error) {
    invocation.fail("exception", error);
  }
};

const reset = () => {
  if (current !== undefined) current.abandon();
  current = undefined;
  requestEpoch.value += 1;
  ifLoaded("timers")?.forgetAll();
  ifLoaded("consoleState")?.reset();
  ifLoaded("performanceState")?.reset();
  ifLoaded("performanceObservers")?.reset();
};

const {
  begin: BEGIN, builtinModule: BUILTIN_MODULE, describeException: DESCRIBE_EXCEPTION, fireTimer: FIRE_TIMER,
  lateGlobal: LATE_GLOBAL, makeDOMException: MAKE_DOM_EXCEPTION, rejection: REJECTION,
  reportException: REPORT_EXCEPTION, reset: RESET, setLocation: SET_LOCATION, setModule: SET_MODULE,
  unitGlobal: UNIT_GLOBAL,
} = internals.hooks;

// What each hook is for, and its arguments, is said where the core lists them. One function, because every context has
// what is here.
internals.entry = (hook, first, second, third) => {
  switch (hook) {
    case BEGIN: return begin(first, second);
    case SET_MODULE: return setModule(first);
    case RESET: return reset();
    case UNIT_GLOBAL: return internals.unitGlobal(first);
    case LATE_GLOBAL: return internals.lateGlobal(first, second, third);
    // There is one, by two names.
    case BUILTIN_MODULE: return internals.asyncHooks;
    case SET_LOCATION: return internals.settings.locate(first);
    case FIRE_TIMER: return internals.timers.fire(first);
    case REPORT_EXCEPTION: return internals.reportException(first);
    case MAKE_DOM_EXCEPTION: return internals.domException(first, second);
    case DESCRIBE_EXCEPTION: return ifLoaded("describeDomException")?.(first);
    // Of kind 1, somebody handles a rejection after all: nobody needs to know who has not been told before.
    case REJECTION:
      return first === 0
        ? internals.rejections.unhandled(second, third)
        : ifLoaded("rejections")?.handled(second, third);
    default: throw new TypeError(`there is no hook ${hook}`);
  }
};
