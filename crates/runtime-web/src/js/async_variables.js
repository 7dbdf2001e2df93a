// AsyncContext, as the proposal for ECMAScript has it: variables whose values follow a call as those of AsyncLocalStorage do,
// in the same frames, and snapshots of all of them.

const { ObjectDefineProperty, String, SymbolToStringTag, defineValue } = internals.prim;
const { asyncContext, webidl } = internals;

class Variable {
  // What frames know it by.
  #key = { __proto__: null };
  #name = "";
  #defaultValue = undefined;

  constructor(options = undefined) {
    if (!webidl.isObject(options)) return;
    const { name, defaultValue } = options;
    if (name !== undefined) this.#name = String(name);
    this.#defaultValue = defaultValue;
  }

  get name() { return this.#name; }

  get() {
    const frame = asyncContext.capture();
    return asyncContext.has(frame, this.#key) ? asyncContext.get(frame, this.#key) : this.#defaultValue;
  }

  run(value, fn, ...args) {
    const frame = asyncContext.with(asyncContext.capture(), this.#key, value);
    asyncContext.requireFunction(fn, "AsyncContext.Variable.run()");
    return asyncContext.run(frame, fn, undefined, args);
  }
}

class Snapshot {
  #frame = asyncContext.capture();

  static wrap(fn) {
    asyncContext.requireFunction(fn, "AsyncContext.Snapshot.wrap()");
    return asyncContext.bind(fn);
  }

  run(fn, ...args) {
    const frame = this.#frame;
    asyncContext.requireFunction(fn, "AsyncContext.Snapshot.run()");
    return asyncContext.run(frame, fn, undefined, args);
  }
}

const AsyncContext = {};
defineValue(AsyncContext, "Variable", Variable, false);
defineValue(AsyncContext, "Snapshot", Snapshot, false);
const tag = (object, value) =>
  ObjectDefineProperty(object, SymbolToStringTag, { __proto__: null, value, configurable: true });
tag(AsyncContext, "AsyncContext");
tag(Variable.prototype, "AsyncContext.Variable");
tag(Snapshot.prototype, "AsyncContext.Snapshot");

internals.provide("AsyncContext", AsyncContext, false);
