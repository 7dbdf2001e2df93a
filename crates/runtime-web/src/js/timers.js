// setTimeout, setInterval, their clear functions and queueMicrotask, as HTML defines them, on top of the host's
// alarm clock: the host knows ids and delays and nothing else. Ids are never used twice in a context.
//
// For other files, in `internals.timers`: `start(callback, delayMs) -> id`, `stop(id)`, `fire(id)` (called by the
// host), `forgetAll()`.

const {
  Map, MapPrototypeClear, MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet, ReflectApply, TypeError,
} = internals.prim;
const { ifLoaded, webidl } = internals;
const { DOMString, long } = webidl.converters;

const timers = { __proto__: null };
internals.timers = timers;

const active = new Map();
let lastId = 0;
// The nesting level of the timer whose callback runs now, 0 outside of timers.
let nesting = 0;

// The longest delay that the specification's integer type can hold is also the host's.
const maximumDelay = 2 ** 31 - 1;
const nestedMinimum = 4;
const nestedLimit = 5;

// Indirect, so that a string handler runs in the global scope; the host decides whether it may run at all.
const evaluate = internals.prim.eval;

// `level` is the nesting level of the task that arms the timer; the timer's own is one more.
const arm = (timer, level) => {
  let delay = timer.delay;
  if (level > nestedLimit && delay < nestedMinimum) delay = nestedMinimum;
  timer.nesting = level + 1;
  native.timerStart(timer.id, delay);
};

const add = (handler, delay, args, repeat, level) => {
  const id = ++lastId;
  const frame = ifLoaded("asyncContext")?.capture();
  const timer = { __proto__: null, id, handler, delay, args, repeat, nesting: 0, frame };
  // The host may refuse: a request has only so many timers.
  arm(timer, level);
  MapPrototypeSet(active, id, timer);
  return id;
};

const remove = (id) => {
  if (MapPrototypeDelete(active, id)) native.timerStop(id);
};

// The platform's own timers take no part in the nesting of the guest's.
timers.start = (callback, delay) => add(callback, delay > maximumDelay ? maximumDelay : delay, undefined, false, -1);
timers.stop = remove;
timers.forgetAll = () => {
  MapPrototypeClear(active);
  nesting = 0;
};

const call = (timer) => {
  const { handler } = timer;
  if (typeof handler !== "function") {
    evaluate(handler);
    return;
  }
  const args = timer.args ?? [];
  if (timer.frame === undefined) ReflectApply(handler, internals.global, args);
  else internals.asyncContext.run(timer.frame, handler, internals.global, args);
};

timers.fire = (id) => {
  const timer = MapPrototypeGet(active, id);
  if (timer === undefined) return;
  if (!timer.repeat) MapPrototypeDelete(active, id);
  nesting = timer.nesting;
  try {
    call(timer);
  } catch (error) {
    internals.reportException(error);
  } finally {
    nesting = 0;
  }
  // The callback may have cleared its own interval.
  if (timer.repeat && MapPrototypeGet(active, id) === timer) {
    try {
      arm(timer, timer.nesting);
    } catch (error) {
      MapPrototypeDelete(active, id);
      internals.reportException(error);
    }
  }
};

const schedule = (prefix, handler, timeout, args, repeat) => {
  if (typeof handler !== "function") handler = DOMString(handler, prefix, "Argument 1");
  const delay = long(timeout, prefix, "Argument 2");
  return add(handler, delay < 0 ? 0 : delay, args, repeat, nesting);
};

const clear = (prefix, id) => remove(long(id, prefix, "Argument 1"));

webidl.exposeOperations({
  __proto__: null,
  setTimeout(handler, timeout = 0, ...args) {
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'setTimeout'");
    return schedule("Failed to execute 'setTimeout'", handler, timeout, args, false);
  },
  setInterval(handler, timeout = 0, ...args) {
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'setInterval'");
    return schedule("Failed to execute 'setInterval'", handler, timeout, args, true);
  },
  clearTimeout(id = 0) { clear("Failed to execute 'clearTimeout'", id); },
  clearInterval(id = 0) { clear("Failed to execute 'clearInterval'", id); },
  queueMicrotask(callback) {
    const prefix = "Failed to execute 'queueMicrotask'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    if (typeof callback !== "function") throw new TypeError(`${prefix}: Argument 1 is not a function`);
    native.queueMicrotask(() => {
      try {
        ReflectApply(callback, undefined, []);
      } catch (error) {
        internals.reportException(error);
      }
    });
  },
});
