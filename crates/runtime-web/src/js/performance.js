// Performance, its entries, and user timing (marks and measures), as High Resolution Time, Performance Timeline and
// User Timing define them. The clock is the host's, which may coarsen or freeze it. Nothing is measured here
// that the guest did not ask for.

const { List, TypeError } = internals.prim;
const { EventTarget, webidl } = internals;
const { any, DOMString, double } = webidl.converters;

let entryMembers;

class PerformanceEntry {
  #name;
  #entryType;
  #startTime;
  #duration;
  // Of its place in the timeline; 0 as long as it has none.
  #id = 0;
  constructor(key = undefined, name = "", entryType = "", startTime = 0, duration = 0) {
    webidl.checkIllegal(key);
    this.#name = name;
    this.#entryType = entryType;
    this.#startTime = startTime;
    this.#duration = duration;
  }
  get name() { return this.#name; }
  get entryType() { return this.#entryType; }
  get startTime() { return this.#startTime; }
  get duration() { return this.#duration; }
  get id() { return this.#id; }
  // Only pages are navigated.
  get navigationId() {
    this.#id;
    return 0;
  }
  toJSON() {
    return {
      name: this.#name, entryType: this.#entryType, startTime: this.#startTime, duration: this.#duration, id: this.#id,
      navigationId: 0,
    };
  }
  static {
    entryMembers = {
      __proto__: null,
      name: (entry) => entry.#name,
      type: (entry) => entry.#entryType,
      start: (entry) => entry.#startTime,
      setId: (entry, id) => { entry.#id = id; },
    };
  }
}
webidl.exposeInterface(PerformanceEntry);

const PerformanceMarkOptions = webidl.dictionary("PerformanceMarkOptions", [
  { key: "detail", converter: any, defaultValue: () => null },
  { key: "startTime", converter: double },
]);

const cloneOf = (detail) => (detail === null || detail === undefined ? null : internals.cloning.clone(detail));

class PerformanceMark extends PerformanceEntry {
  #detail;
  constructor(markName, markOptions = undefined) {
    const prefix = "Failed to construct 'PerformanceMark'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const name = DOMString(markName, prefix, "Argument 1");
    const options = PerformanceMarkOptions(markOptions, prefix, "Argument 2");
    const start = options.startTime === undefined ? native.now() : options.startTime;
    if (start < 0) throw new TypeError(`${prefix}: startTime is negative`);
    super(webidl.illegal, name, "mark", start, 0);
    this.#detail = cloneOf(options.detail);
  }
  get detail() { return this.#detail; }
}
webidl.exposeInterface(PerformanceMark);

let detailInProgress = null;
class PerformanceMeasure extends PerformanceEntry {
  #detail = detailInProgress;
  constructor(key = undefined, name = "", start = 0, duration = 0) {
    super(key, name, "measure", start, duration);
  }
  get detail() { return this.#detail; }
}
webidl.exposeInterface(PerformanceMeasure, "PerformanceMeasure", { __proto__: null, length: 0 });

let timeline = new List();

// For performance_observer.js: `buffered()` all entries, `select(entries, name, type)`, `type(entry)`; `added(entry)`
// is called for each new one.
const performanceTimeline = {
  __proto__: null,
  buffered: () => timeline,
  select: (entries, name, type) => select(entries, name, type),
  type: entryMembers.type,
  added: undefined,
};
internals.performanceTimeline = performanceTimeline;

let lastId = 0;

const record = (entry) => {
  entryMembers.setId(entry, ++lastId);
  timeline.push(entry);
  if (performanceTimeline.added !== undefined) performanceTimeline.added(entry);
};

const byStart = (a, b) => entryMembers.start(a) - entryMembers.start(b);

const select = (entries, name, type) => {
  const chosen = new List();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    if (name !== undefined && entryMembers.name(entry) !== name) continue;
    if (type !== undefined && entryMembers.type(entry) !== type) continue;
    chosen.push(entry);
  }
  chosen.sort(byStart);
  return chosen.handOut();
};

const remove = (name, type) => {
  const kept = new List();
  for (let i = 0; i < timeline.length; i++) {
    const entry = timeline[i];
    if (entryMembers.type(entry) === type && (name === undefined || entryMembers.name(entry) === name)) continue;
    kept.push(entry);
  }
  timeline = kept;
};

// The read-only attributes of PerformanceTiming, which only a window has.
const navigationTimes = { __proto__: null };
const attributes = [
  "navigationStart", "unloadEventStart", "unloadEventEnd", "redirectStart", "redirectEnd", "fetchStart",
  "domainLookupStart", "domainLookupEnd", "connectStart", "connectEnd", "secureConnectionStart", "requestStart",
  "responseStart", "responseEnd", "domLoading", "domInteractive", "domContentLoadedEventStart",
  "domContentLoadedEventEnd", "domComplete", "loadEventStart", "loadEventEnd",
];
for (let i = 0; i < attributes.length; i++) navigationTimes[attributes[i]] = true;

const markTime = (mark, prefix) => {
  if (typeof mark === "number") {
    if (mark < 0) throw new TypeError(`${prefix}: a timestamp is negative`);
    return mark;
  }
  if (navigationTimes[mark] === true) {
    throw new TypeError(`${prefix}: '${mark}' is a time of a page's navigation, which a worker does not have`);
  }
  for (let i = timeline.length - 1; i >= 0; i--) {
    const entry = timeline[i];
    if (entryMembers.type(entry) === "mark" && entryMembers.name(entry) === mark) return entryMembers.start(entry);
  }
  throw internals.domException(`${prefix}: the mark '${mark}' does not exist`, "SyntaxError");
};

const markOrTime = (value, prefix, context) =>
  typeof value === "number" ? double(value, prefix, context) : DOMString(value, prefix, context);

const PerformanceMeasureOptions = webidl.dictionary("PerformanceMeasureOptions", [
  { key: "detail", converter: any },
  { key: "start", converter: markOrTime },
  { key: "duration", converter: double },
  { key: "end", converter: markOrTime },
]);

class Performance extends EventTarget {
  #brand;

  constructor(key = undefined) {
    webidl.checkIllegal(key);
    super();
  }

  now() {
    this.#brand;
    return native.now();
  }
  get timeOrigin() {
    this.#brand;
    return native.timeOrigin();
  }
  toJSON() {
    this.#brand;
    return { timeOrigin: native.timeOrigin() };
  }

  getEntries() {
    this.#brand;
    return select(timeline, undefined, undefined);
  }
  getEntriesByType(type) {
    this.#brand;
    const prefix = "Failed to execute 'getEntriesByType' on 'Performance'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    return select(timeline, undefined, DOMString(type, prefix, "Argument 1"));
  }
  getEntriesByName(name, type = undefined) {
    this.#brand;
    const prefix = "Failed to execute 'getEntriesByName' on 'Performance'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    name = DOMString(name, prefix, "Argument 1");
    return select(timeline, name, type === undefined ? undefined : DOMString(type, prefix, "Argument 2"));
  }

  mark(markName, markOptions = undefined) {
    this.#brand;
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'mark' on 'Performance'");
    const entry = new PerformanceMark(markName, markOptions);
    record(entry);
    return entry;
  }

  measure(measureName, startOrMeasureOptions = undefined, endMark = undefined) {
    this.#brand;
    const prefix = "Failed to execute 'measure' on 'Performance'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const name = DOMString(measureName, prefix, "Argument 1");
    let options;
    if (webidl.isObject(startOrMeasureOptions)) {
      options = PerformanceMeasureOptions(startOrMeasureOptions, prefix, "Argument 2");
    } else {
      options = { __proto__: null };
      if (startOrMeasureOptions !== undefined && startOrMeasureOptions !== null) {
        options.start = DOMString(startOrMeasureOptions, prefix, "Argument 2");
      }
    }
    const isEmpty = options.start === undefined && options.end === undefined && options.duration === undefined &&
      options.detail === undefined;
    if (endMark !== undefined) endMark = DOMString(endMark, prefix, "Argument 3");
    if (webidl.isObject(startOrMeasureOptions) && !isEmpty) {
      if (endMark !== undefined) throw new TypeError(`${prefix}: an end mark cannot follow options`);
      if (options.start === undefined && options.end === undefined) {
        throw new TypeError(`${prefix}: the options have neither a start nor an end`);
      }
      if (options.start !== undefined && options.end !== undefined && options.duration !== undefined) {
        throw new TypeError(`${prefix}: the options have a start, an end and a duration`);
      }
    }
    let end;
    if (endMark !== undefined) {
      end = markTime(endMark, prefix);
    } else if (options.end !== undefined) {
      end = markTime(options.end, prefix);
    } else if (options.start !== undefined && options.duration !== undefined) {
      end = markTime(options.start, prefix) + options.duration;
    } else {
      end = native.now();
    }
    let start = 0;
    if (options.start !== undefined) {
      start = markTime(options.start, prefix);
    } else if (options.duration !== undefined && options.end !== undefined) {
      start = end - options.duration;
    }
    detailInProgress = cloneOf(options.detail);
    const entry = new PerformanceMeasure(webidl.illegal, name, start, end - start);
    detailInProgress = null;
    record(entry);
    return entry;
  }

  clearMarks(markName = undefined) {
    this.#brand;
    remove(markName === undefined ? undefined
      : DOMString(markName, "Failed to execute 'clearMarks' on 'Performance'", "Argument 1"), "mark");
  }
  clearMeasures(measureName = undefined) {
    this.#brand;
    remove(measureName === undefined ? undefined
      : DOMString(measureName, "Failed to execute 'clearMeasures' on 'Performance'", "Argument 1"), "measure");
  }
}
webidl.exposeInterface(Performance);

internals.performance = new Performance(webidl.illegal);

internals.performanceState = {
  __proto__: null,
  reset() {
    timeline = new List();
    lastId = 0;
  },
};
