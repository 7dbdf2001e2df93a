// PerformanceObserver and the lists that it hands out, as Performance Timeline defines them. The entries themselves,
// and the buffer of all of them, are in performance.js.

const {
  ArrayPrototypeIncludes, List, ObjectFreeze, ReflectApply, TypeError,
} = internals.prim;
const { performanceTimeline, requestEpoch, webidl } = internals;
const { boolean, DOMString, double } = webidl.converters;

// In alphabetical order.
const supported = ObjectFreeze(["mark", "measure"]);

class PerformanceObserverEntryList {
  #entries;
  constructor(key = undefined, entries = undefined) {
    webidl.checkIllegal(key);
    this.#entries = entries;
  }
  getEntries() { return performanceTimeline.select(this.#entries, undefined, undefined); }
  getEntriesByType(type) {
    const entries = this.#entries;
    const prefix = "Failed to execute 'getEntriesByType' on 'PerformanceObserverEntryList'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    return performanceTimeline.select(entries, undefined, DOMString(type, prefix, "Argument 1"));
  }
  getEntriesByName(name, type = undefined) {
    const entries = this.#entries;
    const prefix = "Failed to execute 'getEntriesByName' on 'PerformanceObserverEntryList'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    name = DOMString(name, prefix, "Argument 1");
    if (type !== undefined) type = DOMString(type, prefix, "Argument 2");
    return performanceTimeline.select(entries, name, type);
  }
}
webidl.exposeInterface(PerformanceObserverEntryList);

const PerformanceObserverInit = webidl.dictionary("PerformanceObserverInit", [
  { key: "buffered", converter: boolean },
  { key: "durationThreshold", converter: double },
  { key: "entryTypes", converter: webidl.sequence(DOMString) },
  { key: "type", converter: DOMString },
]);
const toCallback = webidl.callback("PerformanceObserverCallback");

const registered = new List();
// The request whose task is going to call the observers, if one is.
let taskEpoch = -1;

const UNDECIDED = 0;
const MULTIPLE = 1;
const SINGLE = 2;

let offer;
let notify;

class PerformanceObserver {
  #callback;
  #buffer = new List();
  #mode = UNDECIDED;
  // The types that this observer is registered for; empty while it is not.
  #types = new List();
  #tellsDropped = false;

  constructor(callback) {
    const prefix = "Failed to construct 'PerformanceObserver'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    this.#callback = toCallback(callback, prefix, "Argument 1");
  }

  static get supportedEntryTypes() { return supported; }

  observe(options = undefined) {
    const prefix = "Failed to execute 'observe' on 'PerformanceObserver'";
    const mode = this.#mode;
    const { entryTypes, type, buffered } = PerformanceObserverInit(options, prefix, "Argument 1");
    if (entryTypes === undefined && type === undefined) {
      throw new TypeError(`${prefix}: the options have neither entryTypes nor type`);
    }
    // The other options mean nothing beside entryTypes. The specification has it throw; nobody else does.
    if (entryTypes !== undefined && type !== undefined) {
      throw new TypeError(`${prefix}: entryTypes cannot be combined with type`);
    }
    const wanted = entryTypes !== undefined ? MULTIPLE : SINGLE;
    if (mode !== UNDECIDED && mode !== wanted) {
      throw internals.domException(
        `${prefix}: the observer was used with ${mode === MULTIPLE ? "entryTypes" : "type"} before`,
        "InvalidModificationError",
      );
    }
    this.#mode = wanted;
    this.#tellsDropped = true;
    if (wanted === MULTIPLE) {
      const types = new List();
      for (let i = 0; i < entryTypes.length; i++) {
        if (ArrayPrototypeIncludes(supported, entryTypes[i])) types.push(entryTypes[i]);
      }
      if (types.length === 0) return;
      this.#types = types;
      this.#register();
      return;
    }
    if (!ArrayPrototypeIncludes(supported, type)) return;
    if (!this.#types.includes(type)) this.#types.push(type);
    this.#register();
    if (buffered) {
      const known = performanceTimeline.select(performanceTimeline.buffered(), undefined, type);
      for (let i = 0; i < known.length; i++) this.#buffer.push(known[i]);
      if (known.length > 0) queueTask();
    }
  }

  disconnect() {
    this.#types = new List();
    this.#buffer = new List();
    this.#mode = UNDECIDED;
    for (let i = 0; i < registered.length; i++) {
      if (registered[i] === this) {
        registered.removeAt(i);
        return;
      }
    }
  }

  takeRecords() {
    const records = this.#buffer;
    this.#buffer = new List();
    return records.handOut();
  }

  #register() {
    if (!registered.includes(this)) registered.push(this);
  }

  static {
    offer = (observer, entry) => {
      if (!observer.#types.includes(performanceTimeline.type(entry))) return;
      observer.#buffer.push(entry);
      queueTask();
    };
    notify = (observer) => {
      const entries = observer.#buffer;
      if (entries.length === 0) return;
      observer.#buffer = new List();
      const options = observer.#tellsDropped ? { droppedEntriesCount: 0 } : {};
      observer.#tellsDropped = false;
      const list = new PerformanceObserverEntryList(webidl.illegal, entries);
      try {
        ReflectApply(observer.#callback, observer, [list, observer, options]);
      } catch (error) {
        internals.reportException(error);
      }
    };
    internals.performanceObservers = {
      __proto__: null,
      // Entries of one request are not shown to the next.
      reset() {
        for (let i = 0; i < registered.length; i++) registered[i].#buffer = new List();
      },
    };
  }
}
webidl.exposeInterface(PerformanceObserver);

const queueTask = () => {
  if (taskEpoch === requestEpoch.value) return;
  taskEpoch = requestEpoch.value;
  internals.timers.start(() => {
    taskEpoch = -1;
    const observers = registered.copy();
    for (let i = 0; i < observers.length; i++) notify(observers[i]);
  }, 0);
};

performanceTimeline.added = (entry) => {
  for (let i = 0; i < registered.length; i++) offer(registered[i], entry);
};
