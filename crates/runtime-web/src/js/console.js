// The console namespace, as the Console specification defines it, and the reporting of exceptions that nobody
// caught. The printer is the host's log: one call a line group, with a level. The text of values is
// inspect.js; where the log goes, and how much of it is kept, is the host's business.
//
// For other files: `internals.reportException(error, caller?)`, `internals.logUncaught(heading, error)`,
// `internals.consoleState.reset()`.

const {
  ArrayPrototypeJoin, ErrorCaptureStackTrace, List, Map,
  MapIteratorPrototypeNext, MapPrototypeClear, MapPrototypeDelete, MapPrototypeEntries, MapPrototypeGet,
  MapPrototypeGetSize, MapPrototypeSet, MathMax, NumberParseFloat, NumberParseInt, NumberPrototypeToFixed,
  ObjectCreate, ObjectPrototype, ReflectGetOwnPropertyDescriptor, ReflectOwnKeys, RegExpPrototypeExec,
  SetIteratorPrototypeNext, SetPrototypeGetSize, SetPrototypeValues, String, StringPrototypeIncludes,
  StringPrototypeIndexOf, StringPrototypePadEnd, StringPrototypeRepeat, StringPrototypeReplaceAll,
  StringPrototypeSlice, defineValue,
} = internals.prim;
const { webidl } = internals;
const { DOMString } = webidl.converters;

const counters = new Map();
const timerTable = new Map();
let groupIndent = "";

internals.consoleState = {
  __proto__: null,
  reset() {
    MapPrototypeClear(counters);
    MapPrototypeClear(timerTable);
    groupIndent = "";
  },
};

// --- Formatter and printer -----------------------------------------------------------------------------

const asString = (value) => (typeof value === "string" ? value : internals.inspect(value));

// `String(value)` of the guest's object may throw; the specification lets that exception out.
const substitute = (specifier, value) => {
  switch (specifier) {
    case "s":
      if (typeof value === "string") return value;
      if (typeof value === "bigint") return `${String(value)}n`;
      return webidl.isObject(value) ? internals.inspect(value, { __proto__: null, depth: 0 }) : String(value);
    case "d":
    case "i":
      if (typeof value === "symbol") return "NaN";
      if (typeof value === "bigint") return `${String(value)}n`;
      return String(NumberParseInt(value, 10));
    case "f":
      return typeof value === "symbol" ? "NaN" : String(NumberParseFloat(value));
    case "o":
    case "O":
      return internals.inspect(value);
    default:
      return "";
  }
};

const specifiers = "sdifoOc";

const format = (args) => {
  let text = "";
  let used = 0;
  if (args.length > 1 && typeof args[0] === "string") {
    const template = args[0];
    used = 1;
    let from = 0;
    for (;;) {
      const at = StringPrototypeIndexOf(template, "%", from);
      if (at === -1 || at === template.length - 1) break;
      const specifier = template[at + 1];
      if (specifier === "%") {
        text += StringPrototypeSlice(template, from, at + 1);
      } else if (used < args.length && StringPrototypeIncludes(specifiers, specifier)) {
        text += StringPrototypeSlice(template, from, at) + substitute(specifier, args[used]);
        used += 1;
      } else {
        text += StringPrototypeSlice(template, from, at + 2);
      }
      from = at + 2;
    }
    text += StringPrototypeSlice(template, from);
  }
  for (let i = used; i < args.length; i++) {
    if (i > 0) text += " ";
    text += asString(args[i]);
  }
  return text;
};

// A record longer than this is cut: the host keeps records until they are written.
const recordLimit = 65_536;

const record = (level, text) => {
  if (text.length > recordLimit) {
    text = `${StringPrototypeSlice(text, 0, recordLimit)}... ${text.length - recordLimit} more characters`;
  }
  native.log(level, text);
};

const print = (level, text) => {
  if (groupIndent !== "") text = groupIndent + StringPrototypeReplaceAll(text, "\n", `\n${groupIndent}`);
  record(level, text);
};

const log = (level, args) => {
  if (args.length > 0) print(level, format(args));
};

// --- Tables --------------------------------------------------------------------------------------------

const isMap = (value) => {
  try {
    MapPrototypeGetSize(value);
    return true;
  } catch {
    return false;
  }
};
const isSet = (value) => {
  try {
    SetPrototypeGetSize(value);
    return true;
  } catch {
    return false;
  }
};

// The rows of tabular data: [index, value] pairs.
const rowsOf = (value) => {
  const rows = new List();
  if (isMap(value)) {
    const iterator = MapPrototypeEntries(value);
    const size = MapPrototypeGetSize(value);
    for (let i = 0; i < size; i++) {
      const pair = MapIteratorPrototypeNext(iterator).value;
      rows.push([internals.inspect(pair[0]), pair[1]]);
    }
  } else if (isSet(value)) {
    const iterator = SetPrototypeValues(value);
    const size = SetPrototypeGetSize(value);
    for (let i = 0; i < size; i++) rows.push([String(i), SetIteratorPrototypeNext(iterator).value]);
  } else {
    const keys = ReflectOwnKeys(value);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = ReflectGetOwnPropertyDescriptor(value, keys[i]);
      if (typeof keys[i] === "symbol" || descriptor === undefined || !descriptor.enumerable) continue;
      rows.push([keys[i], value[keys[i]]]);
    }
  }
  return rows;
};

const cell = (value) => StringPrototypeReplaceAll(internals.inspect(value, { __proto__: null, depth: 0 }), "\n", " ");

const table = (value, wanted) => {
  const rows = rowsOf(value);
  const columns = new List();
  const lines = new List();
  let plainColumn = false;
  for (let i = 0; i < rows.length; i++) {
    const cells = { __proto__: null };
    const item = rows[i][1];
    if (webidl.isObject(item) && typeof item !== "function") {
      const keys = wanted ?? ReflectOwnKeys(item);
      for (let j = 0; j < keys.length; j++) {
        const descriptor = ReflectGetOwnPropertyDescriptor(item, keys[j]);
        if (typeof keys[j] === "symbol" || descriptor === undefined || !descriptor.enumerable) continue;
        if (!columns.includes(keys[j])) columns.push(keys[j]);
        cells[keys[j]] = cell(item[keys[j]]);
      }
      lines.push({ __proto__: null, index: rows[i][0], cells, plain: "" });
    } else {
      plainColumn = true;
      lines.push({ __proto__: null, index: rows[i][0], cells, plain: cell(item) });
    }
  }
  const heading = new List();
  heading.push("(index)");
  const grid = new List();
  grid.push(heading);
  for (let j = 0; j < columns.length; j++) heading.push(columns[j]);
  if (plainColumn) heading.push("Values");
  for (let i = 0; i < lines.length; i++) {
    const row = new List();
    row.push(lines[i].index);
    for (let j = 0; j < columns.length; j++) row.push(lines[i].cells[columns[j]] ?? "");
    if (plainColumn) row.push(lines[i].plain);
    grid.push(row);
  }
  return drawGrid(grid);
};

const drawGrid = (grid) => {
  const widths = new List();
  for (let j = 0; j < grid[0].length; j++) {
    let width = 0;
    for (let i = 0; i < grid.length; i++) width = MathMax(width, grid[i][j].length);
    widths.push(width);
  }
  const rule = (left, middle, right) => {
    const parts = new List();
    for (let j = 0; j < widths.length; j++) parts.push(StringPrototypeRepeat("─", widths[j] + 2));
    return left + ArrayPrototypeJoin(parts, middle) + right;
  };
  const lines = new List();
  lines.push(rule("┌", "┬", "┐"));
  for (let i = 0; i < grid.length; i++) {
    const parts = new List();
    for (let j = 0; j < widths.length; j++) {
      parts.push(` ${StringPrototypePadEnd(grid[i][j], widths[j])} `);
    }
    lines.push(`│${ArrayPrototypeJoin(parts, "│")}│`);
    if (i === 0) lines.push(rule("├", "┼", "┤"));
  }
  lines.push(rule("└", "┴", "┘"));
  return ArrayPrototypeJoin(lines, "\n");
};

// --- The namespace -------------------------------------------------------------------------------------

const elapsed = (start) => `${NumberPrototypeToFixed(native.now() - start, 3)}ms`;
const labelOf = (value, name) => DOMString(value, `Failed to execute '${name}' on 'console'`, "Argument 1");

const methods = {
  __proto__: null,
  assert(condition = false, ...args) {
    if (condition) return;
    if (args.length === 0) {
      log("error", ["Assertion failed"]);
    } else if (typeof args[0] === "string") {
      args[0] = `Assertion failed: ${args[0]}`;
      log("error", args);
    } else {
      const all = new List();
      all.push("Assertion failed");
      for (let i = 0; i < args.length; i++) all.push(args[i]);
      log("error", all);
    }
  },
  clear() { groupIndent = ""; },
  debug(...args) { log("debug", args); },
  error(...args) { log("error", args); },
  info(...args) { log("info", args); },
  log(...args) { log("log", args); },
  table(tabularData = undefined, properties = undefined) {
    if (!webidl.isObject(tabularData) || typeof tabularData === "function") {
      if (arguments.length > 0) log("log", [tabularData]);
      return;
    }
    const wanted = properties === undefined ? undefined
      : webidl.sequence(DOMString)(properties, "Failed to execute 'table' on 'console'", "Argument 2");
    print("log", table(tabularData, wanted));
  },
  trace(...args) {
    const holder = { __proto__: null, stack: "" };
    ErrorCaptureStackTrace(holder, methods.trace);
    const { stack } = holder;
    const frames = typeof stack === "string" ? StringPrototypeIndexOf(stack, "\n") : -1;
    const heading = args.length === 0 ? "Trace" : `Trace: ${format(args)}`;
    print("log", frames === -1 ? heading : heading + StringPrototypeSlice(stack, frames));
  },
  warn(...args) { log("warn", args); },
  dir(item = undefined, options = undefined) {
    const depth = webidl.isObject(options) ? options.depth : undefined;
    const shown = typeof depth === "number" ? depth : depth === null ? Infinity : 4;
    print("log", internals.inspect(item, { __proto__: null, depth: shown }));
  },
  dirxml(...args) { log("log", args); },

  count(label = "default") {
    label = labelOf(label, "count");
    const count = (MapPrototypeGet(counters, label) ?? 0) + 1;
    MapPrototypeSet(counters, label, count);
    print("info", `${label}: ${count}`);
  },
  countReset(label = "default") {
    label = labelOf(label, "countReset");
    if (MapPrototypeGet(counters, label) === undefined) print("warn", `Count for '${label}' does not exist`);
    else MapPrototypeSet(counters, label, 0);
  },

  group(...args) {
    log("log", args);
    groupIndent += "  ";
  },
  groupCollapsed(...args) {
    log("log", args);
    groupIndent += "  ";
  },
  groupEnd() { groupIndent = StringPrototypeSlice(groupIndent, 2); },

  time(label = "default") {
    label = labelOf(label, "time");
    if (MapPrototypeGet(timerTable, label) !== undefined) {
      print("warn", `Timer '${label}' already exists`);
      return;
    }
    MapPrototypeSet(timerTable, label, native.now());
  },
  timeLog(label = "default", ...args) {
    label = labelOf(label, "timeLog");
    const start = MapPrototypeGet(timerTable, label);
    if (start === undefined) {
      print("warn", `Timer '${label}' does not exist`);
      return;
    }
    let text = `${label}: ${elapsed(start)}`;
    for (let i = 0; i < args.length; i++) text += ` ${asString(args[i])}`;
    print("info", text);
  },
  timeEnd(label = "default") {
    label = labelOf(label, "timeEnd");
    const start = MapPrototypeGet(timerTable, label);
    if (start === undefined) {
      print("warn", `Timer '${label}' does not exist`);
      return;
    }
    MapPrototypeDelete(timerTable, label);
    print("info", `${label}: ${elapsed(start)}`);
  },
};

// A WebIDL namespace object inherits from an empty object.
const consoleNamespace = ObjectCreate(ObjectCreate(ObjectPrototype));
const names = ReflectOwnKeys(methods);
for (let i = 0; i < names.length; i++) defineValue(consoleNamespace, names[i], methods[names[i]]);
webidl.defineTag(consoleNamespace, "console");
internals.provide("console", consoleNamespace, false);

// --- Exceptions that nobody caught ---------------------------------------------------------------------

internals.logUncaught = (heading, error) => {
  record("error", `${heading} ${internals.inspect(error)}`);
};

const frame = /\(?([^\s()]+):(\d+):(\d+)\)?$/;

// Where the innermost frame of an error's stack is; of what has no stack, where the guest called `caller`.
const positionOf = (error, caller) => {
  const position = { __proto__: null, filename: "", lineno: 0, colno: 0 };
  try {
    let stack = internals.isError(error) ? error.stack : undefined;
    if (typeof stack !== "string" && caller !== undefined) {
      const holder = { __proto__: null, stack: "" };
      ErrorCaptureStackTrace(holder, caller);
      stack = holder.stack;
    }
    if (typeof stack !== "string") return position;
    let from = StringPrototypeIndexOf(stack, "\n    at ");
    if (from === -1) return position;
    from += 1;
    const end = StringPrototypeIndexOf(stack, "\n", from);
    const line = StringPrototypeSlice(stack, from, end === -1 ? stack.length : end);
    const match = RegExpPrototypeExec(frame, line);
    if (match !== null) {
      position.filename = match[1];
      position.lineno = NumberParseInt(match[2], 10);
      position.colno = NumberParseInt(match[3], 10);
    }
  } catch {
    // The guest's stack getter threw; the position stays unknown.
  }
  return position;
};

const messageOf = (error) => {
  try {
    return `Uncaught ${internals.isError(error) ? internals.errorHeading(error) : String(error)}`;
  } catch {
    return "Uncaught exception";
  }
};

let reporting = false;

// HTML's "report an exception": an error event on the global, and the log unless a listener prevented it. `caller` is the
// function of the platform's that a guest has called to report what may be no error.
internals.reportException = (error, caller = undefined) => {
  let handled = false;
  if (!reporting) {
    reporting = true;
    try {
      const position = positionOf(error, caller);
      const message = messageOf(error);
      const event = new internals.ErrorEvent("error", {
        __proto__: null, cancelable: true, message, filename: position.filename, lineno: position.lineno,
        colno: position.colno, error,
      });
      handled = !internals.events.dispatch(internals.global, event);
    } finally {
      reporting = false;
    }
  }
  if (!handled) internals.logUncaught("Uncaught", error);
};

const operations = {
  __proto__: null,
  reportError(e) {
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'reportError'");
    internals.reportException(e, operations.reportError);
  },
};
webidl.exposeOperations(operations);
