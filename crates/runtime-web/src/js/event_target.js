// EventTarget, and event handler attributes, as far as the global object needs them from the start: it is a target, and
// has attributes. What listeners are, and how events get to them, is in event.js.
//
// For other files, in `internals.targets`: `stateOf(target)` does the brand check and gives the state of a target,
// `isTarget(value)`; `handlerOf(target, "onabort")` and `setHandlerOf(target, "onabort", "abort", value)` are what event
// handler attributes do, which `defineHandler` of event.js makes.

const { MapPrototypeGet, putToUse } = internals.prim;
const { global, webidl } = internals;

// The state of a target: `listeners` (type -> list of records) and `handlers` (attribute name -> record).
// `observer`, if set, runs after a listener was added or removed.
const newTargetState = () => ({ __proto__: null, listeners: undefined, handlers: undefined, observer: undefined });
const globalState = newTargetState();

// WebIDL: an operation of the global without a receiver means the global.
const receiver = (value) => (value === undefined || value === null ? global : value);

const targets = { __proto__: null };
internals.targets = targets;
let stateOf;

class EventTarget {
  #state = newTargetState();

  constructor() {}

  addEventListener(type, callback, options = undefined) {
    const state = stateOf(receiver(this));
    webidl.requiredArguments(arguments.length, 2, "Failed to execute 'addEventListener' on 'EventTarget'");
    internals.events.addListener(state, type, callback, options);
  }

  removeEventListener(type, callback, options = undefined) {
    const state = stateOf(receiver(this));
    webidl.requiredArguments(arguments.length, 2, "Failed to execute 'removeEventListener' on 'EventTarget'");
    internals.events.removeListener(state, type, callback, options);
  }

  dispatchEvent(event) {
    const target = receiver(this);
    stateOf(target);
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'dispatchEvent' on 'EventTarget'");
    return internals.events.dispatchForGuest(target, event);
  }

  static {
    stateOf = (target) => {
      if (target === global) return globalState;
      return target.#state;
    };
    targets.stateOf = stateOf;
    targets.isTarget = (value) => webidl.isObject(value) && (#state in value || value === global);
  }
}
webidl.exposeInterface(EventTarget);
putToUse(EventTarget.prototype);
internals.EventTarget = EventTarget;

targets.handlerOf = (target, name) => {
  const { handlers } = stateOf(target);
  const handler = handlers === undefined ? undefined : MapPrototypeGet(handlers, name);
  return handler === undefined ? null : handler.value;
};

targets.setHandlerOf = (target, name, type, value) =>
  internals.events.setHandler(stateOf(target), name, type, webidl.isObject(value) ? value : null);
