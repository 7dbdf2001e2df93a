// AsyncLocalStorage and AsyncResource, as Node.js defines them and Workers have them: values that follow a call through
// promises, timers and callbacks. A *frame* holds the values that are current, by storage. V8 keeps one frame with each
// promise reaction and microtask and makes it current again while they run; the platform does the same for what it
// calls back itself: timers, and the callbacks of streams. Listeners run in the frame of whoever dispatches the event.
//
// Between turns no frame is current: the core sees to that, so that none gets from one request into another.
//
// For other files, in `internals.asyncContext`, which is loaded once a guest uses any of this (`ifLoaded`):
// `capture()` gives the current frame, `run(frame, callback, receiver, args)` calls in a frame, `bind(callback)` gives
// a function that calls in the frame that is current now; `has(frame, key)`, `get(frame, key)` and `with(frame, key, value)`
// are for what else is kept in frames. `internals.asyncHooks` has the exports of node:async_hooks.

const { FunctionPrototypeBind, List, ReflectApply, TypeError } = internals.prim;
const { webidl } = internals;

const asyncContext = { __proto__: null };
internals.asyncContext = asyncContext;

// --- Frames --------------------------------------------------------------------------------------------

// A frame is a list of keys and values in turn, and never changes; undefined has no values.
const capture = native.asyncFrame;
const enter = native.enterAsyncFrame;
asyncContext.capture = capture;

const placeOf = (frame, key) => {
  if (frame === undefined) return -1;
  for (let i = 0; i < frame.length; i += 2) {
    if (frame[i] === key) return i;
  }
  return -1;
};

const withValue = (frame, key, value) => {
  const place = placeOf(frame, key);
  const changed = frame === undefined ? new List() : frame.copy();
  if (place === -1) {
    changed.push(key);
    changed.push(value);
  } else {
    changed[place + 1] = value;
  }
  return changed;
};

asyncContext.with = withValue;
asyncContext.has = (frame, key) => placeOf(frame, key) !== -1;
asyncContext.get = (frame, key) => {
  const place = placeOf(frame, key);
  return place === -1 ? undefined : frame[place + 1];
};

asyncContext.run = (frame, callback, receiver, args) => {
  const before = capture();
  enter(frame);
  try {
    return ReflectApply(callback, receiver, args);
  } finally {
    enter(before);
  }
};

asyncContext.bind = (callback) => {
  const frame = capture();
  return function(...args) {
    return asyncContext.run(frame, callback, this, args);
  };
};

const requireFunction = (value, name) => {
  if (typeof value !== "function") throw new TypeError(`${name}: expected a function, found ${typeof value}`);
};
asyncContext.requireFunction = requireFunction;

// --- AsyncLocalStorage ---------------------------------------------------------------------------------

class AsyncLocalStorage {
  // What frames know the storage by. A new one disables what frames have of the old one.
  #key = { __proto__: null };
  #name = "";
  #defaultValue = undefined;

  constructor(options = undefined) {
    if (options === undefined) return;
    if (!webidl.isObject(options)) throw new TypeError("new AsyncLocalStorage(): the options are not an object");
    const { defaultValue, name } = options;
    if (name !== undefined && typeof name !== "string") {
      throw new TypeError("new AsyncLocalStorage(): the option 'name' is not a string");
    }
    this.#defaultValue = defaultValue;
    this.#name = name ?? "";
  }

  get name() { return this.#name; }

  static bind(fn) {
    requireFunction(fn, "AsyncLocalStorage.bind()");
    return asyncContext.bind(fn);
  }

  static snapshot() {
    const frame = capture();
    return function(fn, ...args) {
      requireFunction(fn, "AsyncLocalStorage.snapshot()");
      return asyncContext.run(frame, fn, this, args);
    };
  }

  getStore() {
    const frame = capture();
    const place = placeOf(frame, this.#key);
    return place === -1 ? this.#defaultValue : frame[place + 1];
  }

  run(store, callback, ...args) {
    requireFunction(callback, "AsyncLocalStorage.run()");
    return asyncContext.run(withValue(capture(), this.#key, store), callback, undefined, args);
  }

  exit(callback, ...args) {
    requireFunction(callback, "AsyncLocalStorage.exit()");
    return asyncContext.run(withValue(capture(), this.#key, undefined), callback, undefined, args);
  }

  enterWith(store) {
    enter(withValue(capture(), this.#key, store));
  }

  disable() {
    this.#key = { __proto__: null };
  }
}
internals.provide("AsyncLocalStorage", AsyncLocalStorage, false);

// --- AsyncResource -------------------------------------------------------------------------------------

let lastId = 0;

// Something with a life of its own, whose callbacks run in the frame in which it was made.
class AsyncResource {
  #frame = capture();
  #id = ++lastId;

  constructor(type) {
    if (typeof type !== "string" || type === "") {
      throw new TypeError("new AsyncResource(): the type is not a string with something in it");
    }
  }

  static bind(fn, type = undefined, thisArg = undefined) {
    requireFunction(fn, "AsyncResource.bind()");
    return new AsyncResource(type ?? "bound-anonymous-fn").bind(fn, thisArg);
  }

  runInAsyncScope(fn, thisArg = undefined, ...args) {
    requireFunction(fn, "AsyncResource.runInAsyncScope()");
    return asyncContext.run(this.#frame, fn, thisArg, args);
  }

  bind(fn, thisArg = undefined) {
    requireFunction(fn, "AsyncResource.bind()");
    const frame = this.#frame;
    if (thisArg !== undefined) fn = FunctionPrototypeBind(fn, thisArg);
    return function(...args) {
      return asyncContext.run(frame, fn, this, args);
    };
  }

  asyncId() { return this.#id; }
  triggerAsyncId() {
    this.#id;
    return 0;
  }
  emitDestroy() {
    this.#id;
    return this;
  }
}

internals.asyncHooks = {
  __proto__: null, AsyncLocalStorage, AsyncResource, default: { AsyncLocalStorage, AsyncResource },
};
