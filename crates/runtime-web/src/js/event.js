// Event, listeners and dispatch, as DOM and HTML define them for a world without a tree: a path has one target. The
// targets themselves are in event_target.js, and the events that only carry values in event_classes.js; reporting what
// a listener throws is in console.js (`internals.reportException`).
//
// For other files, in `internals.events`:
// - `dispatch(target, event, onError?)` dispatches an event that the platform made (`isTrusted` is true); false if
//   canceled. What a listener throws is reported, or given to `onError(error)`.
// - `listenerCount(target, type)`; `observe(target, f)`: f runs after a listener came or went; `isEvent(value)`;
//   `EventInit` for inheriting dictionaries.
// - `defineHandler(prototype, "onabort", "abort", onSet?)` adds an event handler attribute.
// - What event_target.js passes on: `addListener`, `removeListener`, `dispatchForGuest`, `setHandler`.

const {
  List, Map, MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, ReflectApply,
  ReflectDefineProperty, ReflectGetOwnPropertyDescriptor, TypeError, ownDescriptor,
} = internals.prim;
const { global, targets, webidl } = internals;
const { boolean, DOMString, object } = webidl.converters;
const { stateOf } = targets;

const events = { __proto__: null };
internals.events = events;

const NONE = 0;
const AT_TARGET = 2;

const absentFalse = () => false;
const EventInit = webidl.dictionary("EventInit", [
  { key: "bubbles", converter: boolean, defaultValue: absentFalse },
  { key: "cancelable", converter: boolean, defaultValue: absentFalse },
  { key: "composed", converter: boolean, defaultValue: absentFalse },
]);

let eventState;

class Event {
  #type = "";
  #bubbles = false;
  #cancelable = false;
  #composed = false;
  #target = null;
  #currentTarget = null;
  #phase = NONE;
  #stopped = false;
  #stoppedImmediately = false;
  #canceled = false;
  #inPassiveListener = false;
  #dispatching = false;
  #initialized = true;
  #trusted = false;
  #timeStamp = native.now();

  constructor(type, eventInitDict = undefined) {
    const prefix = "Failed to construct 'Event'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    this.#type = DOMString(type, prefix, "Argument 1");
    if (eventInitDict !== undefined && eventInitDict !== null) {
      const init = EventInit(eventInitDict, prefix, "Argument 2");
      this.#bubbles = init.bubbles;
      this.#cancelable = init.cancelable;
      this.#composed = init.composed;
    }
    ReflectDefineProperty(this, "isTrusted", isTrustedDescriptor);
  }

  get type() { return this.#type; }
  get target() { return this.#target; }
  get srcElement() { return this.#target; }
  get currentTarget() { return this.#currentTarget; }
  composedPath() {
    return this.#dispatching ? [this.#currentTarget] : [];
  }

  get eventPhase() { return this.#phase; }
  stopPropagation() { this.#stopped = true; }
  get cancelBubble() { return this.#stopped; }
  set cancelBubble(value) { this.#stopped ||= boolean(value); }
  stopImmediatePropagation() {
    eventState.stopImmediately(this);
  }

  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get returnValue() { return !this.#canceled; }
  set returnValue(value) { if (!boolean(value)) this.#cancel(); }
  preventDefault() { this.#cancel(); }
  get defaultPrevented() { return this.#canceled; }
  get composed() { return this.#composed; }
  get timeStamp() { return this.#timeStamp; }

  initEvent(type, bubbles = false, cancelable = false) {
    const prefix = "Failed to execute 'initEvent' on 'Event'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    type = DOMString(type, prefix, "Argument 1");
    if (this.#dispatching) return;
    this.#initialized = true;
    this.#stopped = false;
    this.#stoppedImmediately = false;
    this.#canceled = false;
    this.#trusted = false;
    this.#target = null;
    this.#type = type;
    this.#bubbles = boolean(bubbles);
    this.#cancelable = boolean(cancelable);
  }

  #cancel() {
    if (this.#cancelable && !this.#inPassiveListener) this.#canceled = true;
  }

  static {
    eventState = {
      __proto__: null,
      isEvent: (value) => webidl.isObject(value) && #type in value,
      isTrusted: (event) => event.#trusted,
      trust: (event) => { event.#trusted = true; },
      mayDispatch: (event) => event.#initialized && !event.#dispatching,
      distrust: (event) => { event.#trusted = false; },
      type: (event) => event.#type,
      start: (event, target) => {
        event.#dispatching = true;
        event.#target = target;
        event.#currentTarget = target;
        event.#phase = AT_TARGET;
      },
      end: (event) => {
        event.#dispatching = false;
        event.#phase = NONE;
        event.#currentTarget = null;
        event.#stopped = false;
        event.#stoppedImmediately = false;
        return !event.#canceled;
      },
      isStopped: (event) => event.#stopped,
      isStoppedImmediately: (event) => event.#stoppedImmediately,
      setPassive: (event, passive) => { event.#inPassiveListener = passive; },
      stopImmediately: (event) => {
        event.#stopped = true;
        event.#stoppedImmediately = true;
      },
      cancel: (event) => event.#cancel(),
    };
  }
}

// Before a guest can have replaced it.
events.initEvent = Event.prototype.initEvent;

const isTrustedAccessor = {
  get isTrusted() { return eventState.isTrusted(this); },
};
// [LegacyUnforgeable]: an own property of every event, with one getter for all.
const isTrustedDescriptor = {
  __proto__: null,
  get: ReflectGetOwnPropertyDescriptor(isTrustedAccessor, "isTrusted").get,
  set: undefined,
  enumerable: true,
  configurable: false,
};

webidl.exposeInterface(Event, "Event", {
  __proto__: null,
  constants: { __proto__: null, NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 },
});

// --- Listeners -----------------------------------------------------------------------------------------

const EventListenerOptions = webidl.dictionary("EventListenerOptions", [
  { key: "capture", converter: boolean, defaultValue: absentFalse },
]);
const AddEventListenerOptions = webidl.dictionary("AddEventListenerOptions", [
  { key: "once", converter: boolean, defaultValue: absentFalse },
  { key: "passive", converter: boolean, defaultValue: absentFalse },
  {
    key: "signal",
    converter: webidl.interfaceType("AbortSignal", (value) => internals.abort.isSignal(value)),
  },
], EventListenerOptions);

const flatten = (options, prefix) =>
  webidl.isObject(options) ? EventListenerOptions(options, prefix, "Argument 3").capture : boolean(options);

const toListener = (callback, prefix) => {
  if (callback === null || callback === undefined) return null;
  return object(callback, prefix, "Argument 2");
};

const indexOfListener = (list, callback, capture) => {
  for (let i = 0; i < list.length; i++) {
    if (list[i].callback === callback && list[i].capture === capture) return i;
  }
  return -1;
};

const addListener = (state, type, callback, capture, once, passive) => {
  if (state.listeners === undefined) state.listeners = new Map();
  let list = MapPrototypeGet(state.listeners, type);
  if (list === undefined) {
    list = new List();
    MapPrototypeSet(state.listeners, type, list);
  } else if (indexOfListener(list, callback, capture) !== -1) {
    return undefined;
  }
  const listener = { __proto__: null, callback, capture, once, passive, removed: false };
  list.push(listener);
  if (state.observer !== undefined) state.observer();
  return listener;
};

const removeListenerAt = (state, type, list, index) => {
  list[index].removed = true;
  list.removeAt(index);
  if (list.length === 0) MapPrototypeDelete(state.listeners, type);
  if (state.observer !== undefined) state.observer();
};

const removeListener = (state, type, callback, capture) => {
  if (state.listeners === undefined) return;
  const list = MapPrototypeGet(state.listeners, type);
  if (list === undefined) return;
  const index = indexOfListener(list, callback, capture);
  if (index !== -1) removeListenerAt(state, type, list, index);
};

events.addListener = (state, type, callback, options) => {
  const prefix = "Failed to execute 'addEventListener' on 'EventTarget'";
  type = DOMString(type, prefix, "Argument 1");
  callback = toListener(callback, prefix);
  let capture = false;
  let once = false;
  let passive = false;
  let signal;
  if (webidl.isObject(options)) {
    const converted = AddEventListenerOptions(options, prefix, "Argument 3");
    ({ capture, once, passive, signal } = converted);
  } else {
    capture = boolean(options);
  }
  if (callback === null) return;
  if (signal !== undefined && internals.abort.isAborted(signal)) return;
  const added = addListener(state, type, callback, capture, once, passive);
  if (added !== undefined && signal !== undefined) {
    internals.abort.addAlgorithm(signal, () => {
      if (!added.removed) removeListener(state, type, callback, capture);
    });
  }
};

events.removeListener = (state, type, callback, options) => {
  const prefix = "Failed to execute 'removeEventListener' on 'EventTarget'";
  type = DOMString(type, prefix, "Argument 1");
  callback = toListener(callback, prefix);
  const capture = flatten(options, prefix);
  if (callback !== null) removeListener(state, type, callback, capture);
};

events.dispatchForGuest = (target, event) => {
  const prefix = "Failed to execute 'dispatchEvent' on 'EventTarget'";
  if (!eventState.isEvent(event)) throw new TypeError(`${prefix}: Argument 1 is not of type 'Event'`);
  if (!eventState.mayDispatch(event)) {
    throw internals.domException(`${prefix}: the event is already being dispatched`, "InvalidStateError");
  }
  eventState.distrust(event);
  return dispatch(target, event);
};

// Where exceptions of listeners go: to the report, or to the caller of `dispatch`.
const invoke = (listener, target, event, onError) => {
  const { callback } = listener;
  eventState.setPassive(event, listener.passive);
  try {
    if (listener.handler !== undefined) {
      runHandler(listener.handler, target, event);
    } else if (typeof callback === "function") {
      ReflectApply(callback, target, [event]);
    } else {
      const handle = callback.handleEvent;
      if (typeof handle !== "function") throw new TypeError("the event listener's handleEvent is not a function");
      ReflectApply(handle, callback, [event]);
    }
  } catch (error) {
    onError(error);
  }
  eventState.setPassive(event, false);
};

// One pass over a copy of the list, so that listeners added meanwhile do not run.
const invokeAll = (state, target, event, type, list, capture, onError) => {
  for (let i = 0; i < list.length; i++) {
    const listener = list[i];
    if (listener.removed || listener.capture !== capture) continue;
    if (listener.once) {
      const current = MapPrototypeGet(state.listeners, type);
      for (let j = 0; j < current.length; j++) {
        if (current[j] === listener) {
          removeListenerAt(state, type, current, j);
          break;
        }
      }
    }
    invoke(listener, target, event, onError);
    if (eventState.isStoppedImmediately(event)) return;
  }
};

const currentListeners = (state, type) => {
  const list = state.listeners === undefined ? undefined : MapPrototypeGet(state.listeners, type);
  return list === undefined || list.length === 0 ? undefined : list.copy();
};

const reportError = (error) => internals.reportException(error);

const dispatch = (target, event, onError = reportError) => {
  const state = stateOf(target);
  eventState.start(event, target);
  const type = eventState.type(event);
  let list = eventState.isStopped(event) ? undefined : currentListeners(state, type);
  if (list !== undefined) invokeAll(state, target, event, type, list, true, onError);
  list = eventState.isStopped(event) ? undefined : currentListeners(state, type);
  if (list !== undefined) invokeAll(state, target, event, type, list, false, onError);
  return eventState.end(event);
};

events.dispatch = (target, event, onError = reportError) => {
  eventState.trust(event);
  return dispatch(target, event, onError);
};
events.isEvent = eventState.isEvent;
events.stopImmediately = eventState.stopImmediately;
events.mayDispatch = eventState.mayDispatch;
events.EventInit = EventInit;
events.observe = (target, observer) => { stateOf(target).observer = observer; };
events.listenerCount = (target, type) => {
  const { listeners } = stateOf(target);
  const list = listeners === undefined ? undefined : MapPrototypeGet(listeners, type);
  return list === undefined ? 0 : list.length;
};

// --- Event handler attributes --------------------------------------------------------------------------

const runHandler = (handler, target, event) => {
  const { value } = handler;
  if (typeof value !== "function") return;
  // Without that part of the platform there is no ErrorEvent.
  const members = target === global && handler.type === "error" ? events.errorMembers?.(event) : undefined;
  if (members !== undefined) {
    const { message, filename, lineno, colno, error } = members;
    const handled = ReflectApply(value, target, [message, filename, lineno, colno, error]);
    if (handled === true) eventState.cancel(event);
  } else if (ReflectApply(value, target, [event]) === false) {
    eventState.cancel(event);
  }
};

events.setHandler = (state, name, type, value) => {
  if (state.handlers === undefined) {
    if (value === null) return;
    state.handlers = new Map();
  }
  const handler = MapPrototypeGet(state.handlers, name);
  if (value === null) {
    if (handler === undefined) return;
    MapPrototypeDelete(state.handlers, name);
    removeListener(state, type, handler, false);
  } else if (handler === undefined) {
    const added = { __proto__: null, value, type };
    MapPrototypeSet(state.handlers, name, added);
    addListener(state, type, added, false, false, false).handler = added;
  } else {
    handler.value = value;
  }
};

// `onSet(target)` runs after every assignment.
events.defineHandler = (prototype, name, type, onSet = undefined) => {
  const accessors = {
    get [name]() { return targets.handlerOf(this, name); },
    set [name](value) {
      targets.setHandlerOf(this, name, type, value);
      if (onSet !== undefined) onSet(this);
    },
  };
  const { get, set } = ownDescriptor(accessors, name);
  ObjectDefineProperty(prototype, name, { __proto__: null, get, set, enumerable: true, configurable: true });
};

internals.Event = Event;
