// How a value looks when it is printed: `internals.inspect(value, options?) -> string`. It calls no code of the guest
// but traps of proxies, an error's accessors and replaced accessors of platform classes, and never throws. It prints
// nothing itself, and is no serialisation format.
//
// Options (a null-prototype object): `depth`, how many levels of nesting are shown (default 4).

const {
  ArrayBufferPrototypeGetByteLength, ArrayIsArray, ArrayPrototypeJoin, AsyncFunctionPrototype,
  AsyncGeneratorFunctionPrototype, BigIntPrototypeToString, BigIntPrototypeValueOf, BooleanPrototypeValueOf,
  DataViewPrototypeGetByteLength, DatePrototypeGetTime, DatePrototypeToISOString, ErrorPrototype,
  FunctionPrototype, FunctionPrototypeToString, GeneratorFunctionPrototype, JSONStringify, List,
  MapIteratorPrototypeNext, MapPrototypeEntries, MapPrototypeGetSize, MathMin, NumberIsNaN, NumberPrototypeToString,
  NumberPrototypeValueOf, ObjectIs, ObjectPrototype, ObjectPrototypeIsPrototypeOf, PromisePrototype, ReflectApply,
  ReflectGetPrototypeOf, ReflectOwnKeys, RegExpPrototype, RegExpPrototypeExec, RegExpPrototypeGetDotAll,
  RegExpPrototypeGetGlobal, RegExpPrototypeGetHasIndices, RegExpPrototypeGetIgnoreCase, RegExpPrototypeGetMultiline,
  RegExpPrototypeGetSource, RegExpPrototypeGetSticky, RegExpPrototypeGetUnicode, RegExpPrototypeGetUnicodeSets,
  SetIteratorPrototypeNext, SetPrototypeGetSize, SetPrototypeValues, String, StringPrototypeCharCodeAt,
  StringPrototypeIncludes, StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeStartsWith,
  StringPrototypeTrimEnd, StringPrototypeValueOf, SymbolPrototypeToString, SymbolPrototypeValueOf, SymbolToStringTag,
  TypedArrayPrototypeGetLength, TypedArrayPrototypeGetSymbolToStringTag, WeakMapPrototypeHas, WeakSetPrototypeHas,
  ownDescriptor,
} = internals.prim;
const { webidl } = internals;

const itemLimit = 100;
const stringLimit = 10_000;
const lineWidth = 76;

const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
const arrayIndex = /^(?:0|[1-9][0-9]{0,9})$/;

const quote = (string) => {
  let shown = string;
  let rest = "";
  if (string.length > stringLimit) {
    shown = StringPrototypeSlice(string, 0, stringLimit);
    rest = `... ${string.length - stringLimit} more characters`;
  }
  // JSON escapes what must be escaped; the quote is the first that the text does not have.
  let body = JSONStringify(shown);
  body = StringPrototypeSlice(body, 1, body.length - 1);
  let mark = "'";
  if (StringPrototypeIncludes(shown, "'")) {
    mark = !StringPrototypeIncludes(shown, '"') ? '"' : !StringPrototypeIncludes(shown, "`") ? "`" : "'";
  }
  if (StringPrototypeIncludes(shown, '"')) body = unescapeQuotes(body);
  if (mark === "'" && StringPrototypeIncludes(shown, "'")) body = StringPrototypeReplaceAll(body, "'", "\\'");
  return mark + body + mark + rest;
};

// Turns \" back into ", leaving \\ pairs alone.
const unescapeQuotes = (body) => {
  let out = "";
  for (let i = 0; i < body.length; i++) {
    const char = body[i];
    if (char === "\\") {
      i += 1;
      if (body[i] !== '"') out += char;
    }
    out += body[i];
  }
  return out;
};

const primitive = (value) => {
  switch (typeof value) {
    case "string": return quote(value);
    case "number": return ObjectIs(value, -0) ? "-0" : NumberPrototypeToString(value);
    case "bigint": return `${BigIntPrototypeToString(value)}n`;
    case "symbol": return SymbolPrototypeToString(value);
    default: return String(value);
  }
};

// Gives a brand check of a method that throws on anything else.
const brand = (method) => (value) => {
  try {
    method(value);
    return true;
  } catch {
    return false;
  }
};
const isMap = brand(MapPrototypeGetSize);
const isSet = brand(SetPrototypeGetSize);
const isDate = brand(DatePrototypeGetTime);
const isArrayBuffer = brand(ArrayBufferPrototypeGetByteLength);
const isDataView = brand(DataViewPrototypeGetByteLength);
const isWeakMap = brand((value) => WeakMapPrototypeHas(value, value));
const isWeakSet = brand((value) => WeakSetPrototypeHas(value, value));
const isNumberObject = brand(NumberPrototypeValueOf);
const isBooleanObject = brand(BooleanPrototypeValueOf);
const isSymbolObject = brand(SymbolPrototypeValueOf);
const isBigIntObject = brand(BigIntPrototypeValueOf);
const isStringObject = brand(StringPrototypeValueOf);
// RegExp's own toString and flags read properties that a guest can replace.
const regExpText = (value) => {
  let text = `/${RegExpPrototypeGetSource(value)}/`;
  if (RegExpPrototypeGetHasIndices(value)) text += "d";
  if (RegExpPrototypeGetGlobal(value)) text += "g";
  if (RegExpPrototypeGetIgnoreCase(value)) text += "i";
  if (RegExpPrototypeGetMultiline(value)) text += "m";
  if (RegExpPrototypeGetDotAll(value)) text += "s";
  if (RegExpPrototypeGetUnicode(value)) text += "u";
  if (RegExpPrototypeGetUnicodeSets(value)) text += "v";
  if (RegExpPrototypeGetSticky(value)) text += "y";
  return text;
};
const isRegExp = (value) => value !== RegExpPrototype && brand(RegExpPrototypeGetSource)(value);

const hostIsError = internals.prim.ErrorIsError;
const isError = (value) =>
  (hostIsError !== undefined && hostIsError(value)) || ObjectPrototypeIsPrototypeOf(ErrorPrototype, value);

// Reads a property without running a getter.
const plainValue = (object, key) => {
  const descriptor = ownDescriptor(object, key);
  return descriptor !== undefined && "value" in descriptor ? descriptor.value : undefined;
};

const constructorName = (object) => {
  for (let at = object; at !== null; at = ReflectGetPrototypeOf(at)) {
    const made = plainValue(at, "constructor");
    if (typeof made === "function") {
      const name = plainValue(made, "name");
      if (typeof name === "string" && name !== "") return name;
    }
  }
  return null;
};

const tagOf = (object) => {
  for (let at = object; at !== null; at = ReflectGetPrototypeOf(at)) {
    const tag = plainValue(at, SymbolToStringTag);
    if (typeof tag === "string") return tag;
  }
  return "";
};

// "Name " in front of a bracket; "" for a plain object.
const label = (object, fallback, suffix = "") => {
  const name = constructorName(object);
  const tag = tagOf(object);
  let text = name === null ? `[${fallback}${suffix}: null prototype]` : `${name}${suffix}`;
  if (tag !== "" && tag !== name) text += ` [${tag}]`;
  return text;
};

const keyText = (key) => {
  if (typeof key === "symbol") return `[${SymbolPrototypeToString(key)}]`;
  return RegExpPrototypeExec(identifier, key) !== null ? key : quote(key);
};

const indent = (text) => StringPrototypeReplaceAll(text, "\n", "\n  ");

const assemble = (head, open, parts, close) => {
  const prefix = head === "" ? "" : `${head} `;
  if (parts.length === 0) return `${prefix}${open}${close}`;
  let width = prefix.length + 4;
  let multiline = false;
  for (let i = 0; i < parts.length; i++) {
    width += parts[i].length + 2;
    if (StringPrototypeIncludes(parts[i], "\n")) multiline = true;
  }
  if (!multiline && width <= lineWidth) return `${prefix}${open} ${ArrayPrototypeJoin(parts, ", ")} ${close}`;
  return `${prefix}${open}\n  ${indent(joinLines(parts, multiline))}\n${close}`;
};

// Short items of long lists share lines.
const joinLines = (parts, multiline) => {
  let short = !multiline && parts.length > 6;
  // The last part may say how many more there are.
  for (let i = 0; short && i < parts.length - 1; i++) short = parts[i].length <= 16;
  if (!short) return ArrayPrototypeJoin(parts, ",\n");
  let out = "";
  let line = "";
  for (let i = 0; i < parts.length; i++) {
    const piece = i === parts.length - 1 ? parts[i] : `${parts[i]}, `;
    if (line.length + piece.length > lineWidth && line !== "") {
      out += `${StringPrototypeTrimEnd(line)}\n`;
      line = "";
    }
    line += piece;
  }
  return out + line;
};

class Printer {
  #ancestors = new List();
  #circular = new List();
  #depth;

  constructor(depth) {
    this.#depth = depth;
  }

  print(value, level = 0) {
    if (!webidl.isObject(value)) return primitive(value);
    const at = this.#ancestors.indexOf(value);
    if (at !== -1) {
      if (!this.#circular.includes(value)) this.#circular.push(value);
      return `[Circular *${this.#circular.indexOf(value) + 1}]`;
    }
    this.#ancestors.push(value);
    let text;
    try {
      text = this.#object(value, level);
    } catch {
      // Traps of a proxy may throw, and a revoked one always does.
      text = typeof value === "function" ? "[Function]" : "[Object]";
    }
    this.#ancestors.pop();
    const mark = this.#circular.indexOf(value);
    return mark === -1 ? text : `<ref *${mark + 1}> ${text}`;
  }

  #object(value, level) {
    const prototype = ReflectGetPrototypeOf(value);
    if (typeof value === "function") return this.#function(value, level);
    if (ArrayIsArray(value)) return this.#array(value, level);
    const isPlain = prototype === null || prototype === ObjectPrototype;
    if (isPlain && !isError(value)) return this.#plain(value, level, "");
    if (isError(value)) return this.#error(value, level);
    const tag = TypedArrayPrototypeGetSymbolToStringTag(value);
    if (tag !== undefined) return this.#typedArray(value, tag, level);
    if (isMap(value)) return this.#map(value, level);
    if (isSet(value)) return this.#set(value, level);
    if (isDate(value)) {
      const time = DatePrototypeGetTime(value);
      return this.#withKeys(NumberIsNaN(time) ? "Invalid Date" : DatePrototypeToISOString(value), value, level);
    }
    if (isRegExp(value)) return this.#withKeys(regExpText(value), value, level);
    if (isArrayBuffer(value) || webidl.isSharedArrayBuffer(value)) return this.#buffer(value);
    if (isDataView(value)) {
      return `DataView { byteLength: ${DataViewPrototypeGetByteLength(value)} }`;
    }
    if (isNumberObject(value)) return this.#boxed("Number", NumberPrototypeValueOf(value), value, level);
    if (isBooleanObject(value)) return this.#boxed("Boolean", BooleanPrototypeValueOf(value), value, level);
    if (isStringObject(value)) {
      return this.#boxed("String", StringPrototypeValueOf(value), value, level);
    }
    if (isSymbolObject(value)) return this.#boxed("Symbol", SymbolPrototypeValueOf(value), value, level);
    if (isBigIntObject(value)) return this.#boxed("BigInt", BigIntPrototypeValueOf(value), value, level);
    if (isWeakMap(value) || isWeakSet(value)) return `${label(value, "WeakMap")} { <items unknown> }`;
    const platform = this.#platform(value, prototype, level);
    if (platform !== undefined) return platform;
    if (ObjectPrototypeIsPrototypeOf(PromisePrototype, value)) return this.#plain(value, level, "Promise");
    return this.#plain(value, level, "Object");
  }

  // Own enumerable properties as "key: value" texts.
  #properties(value, level, skip = undefined) {
    const parts = new List();
    const keys = ReflectOwnKeys(value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (skip !== undefined && skip(key)) continue;
      const descriptor = ownDescriptor(value, key);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      if (parts.length >= itemLimit) {
        parts.push(`... ${keys.length - i} more`);
        break;
      }
      parts.push(`${keyText(key)}: ${this.#descriptor(descriptor, level)}`);
    }
    return parts;
  }

  #descriptor(descriptor, level) {
    const { get, set } = descriptor;
    if (get !== undefined) return set !== undefined ? "[Getter/Setter]" : "[Getter]";
    if (set !== undefined) return "[Setter]";
    return this.print(descriptor.value, level + 1);
  }

  #tooDeep(level) {
    return level > this.#depth;
  }

  #plain(value, level, fallback) {
    let head = label(value, fallback === "" ? "Object" : fallback);
    if (head === "Object") head = "";
    if (this.#tooDeep(level)) return `[${head === "" ? "Object" : head}]`;
    return assemble(head, "{", this.#properties(value, level), "}");
  }

  #withKeys(text, value, level) {
    const parts = this.#properties(value, level);
    return parts.length === 0 ? text : assemble(text, "{", parts, "}");
  }

  #boxed(name, inner, value, level) {
    const skip = name === "String" ? (key) => typeof key === "string" && RegExpPrototypeExec(arrayIndex, key) !== null
      : undefined;
    const parts = this.#properties(value, level, skip);
    const text = `[${name}: ${primitive(inner)}]`;
    return parts.length === 0 ? text : assemble(text, "{", parts, "}");
  }

  #array(value, level) {
    const name = constructorName(value);
    const head = name === "Array" ? "" : `${name ?? "[Array: null prototype]"}(${value.length})`;
    if (this.#tooDeep(level)) return `[${name ?? "Array"}]`;
    const parts = new List();
    let holes = 0;
    const flushHoles = () => {
      if (holes > 0) parts.push(`<${holes} empty item${holes === 1 ? "" : "s"}>`);
      holes = 0;
    };
    let i = 0;
    // A long sparse array is not walked to its end.
    for (; i < value.length && parts.length < itemLimit && i < itemLimit * 100; i++) {
      const descriptor = ownDescriptor(value, i);
      if (descriptor === undefined) {
        holes += 1;
        continue;
      }
      flushHoles();
      parts.push(this.#descriptor(descriptor, level));
    }
    flushHoles();
    if (i < value.length) parts.push(`... ${value.length - i} more items`);
    if (value.length <= 10_000) {
      const more = this.#properties(value, level, (key) => typeof key === "string" &&
        RegExpPrototypeExec(arrayIndex, key) !== null);
      for (let j = 0; j < more.length; j++) parts.push(more[j]);
    }
    return assemble(head, "[", parts, "]");
  }

  #typedArray(value, tag, level) {
    const length = TypedArrayPrototypeGetLength(value);
    const head = `${constructorName(value) ?? tag}(${length})`;
    if (this.#tooDeep(level)) return `[${tag}]`;
    const parts = new List();
    const shown = MathMin(length, itemLimit);
    for (let i = 0; i < shown; i++) parts.push(primitive(value[i]));
    if (shown < length) parts.push(`... ${length - shown} more items`);
    return assemble(head, "[", parts, "]");
  }

  #buffer(value) {
    const bytes = webidl.bytesOf(value);
    const length = TypedArrayPrototypeGetLength(bytes);
    const shown = MathMin(length, 50);
    const contents = new List();
    for (let i = 0; i < shown; i++) {
      const hex = NumberPrototypeToString(bytes[i], 16);
      contents.push(hex.length === 1 ? `0${hex}` : hex);
    }
    const more = shown < length ? ` ... ${length - shown} more bytes` : "";
    const text = `<${ArrayPrototypeJoin(contents, " ")}${more}>`;
    return assemble(label(value, "ArrayBuffer"), "{", [`[Contents]: ${text}`, `byteLength: ${length}`], "}");
  }

  #map(value, level) {
    const size = MapPrototypeGetSize(value);
    const head = label(value, "Map", `(${size})`);
    if (this.#tooDeep(level)) return `[${constructorName(value) ?? "Map"}]`;
    const parts = new List();
    const iterator = MapPrototypeEntries(value);
    for (let i = 0; i < size; i++) {
      if (i >= itemLimit) {
        parts.push(`... ${size - i} more items`);
        break;
      }
      const pair = MapIteratorPrototypeNext(iterator).value;
      parts.push(`${this.print(pair[0], level + 1)} => ${this.print(pair[1], level + 1)}`);
    }
    this.#append(parts, value, level);
    return assemble(head, "{", parts, "}");
  }

  #set(value, level) {
    const size = SetPrototypeGetSize(value);
    const head = label(value, "Set", `(${size})`);
    if (this.#tooDeep(level)) return `[${constructorName(value) ?? "Set"}]`;
    const parts = new List();
    const iterator = SetPrototypeValues(value);
    for (let i = 0; i < size; i++) {
      if (i >= itemLimit) {
        parts.push(`... ${size - i} more items`);
        break;
      }
      parts.push(this.print(SetIteratorPrototypeNext(iterator).value, level + 1));
    }
    this.#append(parts, value, level);
    return assemble(head, "{", parts, "}");
  }

  #append(parts, value, level) {
    const more = this.#properties(value, level);
    for (let i = 0; i < more.length; i++) parts.push(more[i]);
  }

  #function(value, level) {
    const name = plainValue(value, "name");
    const prototype = ReflectGetPrototypeOf(value);
    let text;
    if (isClass(value)) {
      text = `[class ${typeof name === "string" && name !== "" ? name : "(anonymous)"}`;
      if (prototype !== null && prototype !== FunctionPrototype) {
        const parent = plainValue(prototype, "name");
        if (typeof parent === "string" && parent !== "") text += ` extends ${parent}`;
      }
      text += "]";
    } else {
      const kind = prototype === AsyncFunctionPrototype ? "AsyncFunction"
        : prototype === GeneratorFunctionPrototype ? "GeneratorFunction"
        : prototype === AsyncGeneratorFunctionPrototype ? "AsyncGeneratorFunction" : "Function";
      text = typeof name === "string" && name !== "" ? `[${kind}: ${name}]` : `[${kind} (anonymous)]`;
    }
    return this.#tooDeep(level) ? text : this.#withKeys(text, value, level);
  }

  #error(value, level) {
    let stack;
    try {
      stack = value.stack;
    } catch {
      stack = undefined;
    }
    const heading = errorHeading(value);
    let text = typeof stack === "string" && stack !== "" ? stack : `[${heading}]`;
    // The stack holds the message of the time when it was made.
    if (text === stack && !StringPrototypeIncludes(text, heading)) {
      const frames = frameStart(text);
      text = frames === -1 ? `${heading}\n${text}` : heading + StringPrototypeSlice(text, frames);
    }
    const parts = this.#properties(value, level, (key) => key === "stack" || key === "message" || key === "cause" ||
      key === "errors" || key === "name");
    const hidden = ["cause", "errors"];
    for (let i = 0; i < hidden.length; i++) {
      const descriptor = ownDescriptor(value, hidden[i]);
      if (descriptor !== undefined) {
        const shown = this.#tooDeep(level) ? "[...]" : this.#descriptor(descriptor, level);
        parts.push(`[${hidden[i]}]: ${shown}`);
      }
    }
    return parts.length === 0 ? text : `${text} {\n  ${indent(ArrayPrototypeJoin(parts, ",\n"))}\n}`;
  }

  // An object of one of the platform's classes: by its inspector, or by its readable attributes.
  #platform(value, prototype, level) {
    let found;
    let at = prototype;
    for (; at !== null; at = ReflectGetPrototypeOf(at)) {
      found = webidl.interfaceOfPrototype(at);
      if (found !== undefined) break;
    }
    if (found === undefined || value === at) return undefined;
    const name = constructorName(value) ?? found;
    if (this.#tooDeep(level)) return `[${name}]`;
    for (let p = at; p !== null; p = ReflectGetPrototypeOf(p)) {
      const inspector = webidl.inspectorOfPrototype(p);
      if (inspector === undefined) continue;
      const shown = inspector(value);
      if (typeof shown === "string") return shown;
      return assemble(name, "{", this.#properties(shown, level), "}");
    }
    const parts = new List();
    for (let p = at; p !== null && p !== ObjectPrototype; p = ReflectGetPrototypeOf(p)) {
      const keys = ReflectOwnKeys(p);
      for (let i = 0; i < keys.length; i++) {
        const descriptor = ownDescriptor(p, keys[i]);
        if (descriptor.get === undefined || !descriptor.enumerable) continue;
        let shown;
        try {
          shown = ReflectApply(descriptor.get, value, []);
        } catch {
          continue;
        }
        parts.push(`${keyText(keys[i])}: ${this.print(shown, level + 1)}`);
      }
    }
    const own = this.#properties(value, level, (key) => key === "isTrusted");
    for (let i = 0; i < own.length; i++) parts.push(own[i]);
    return assemble(name, "{", parts, "}");
  }
}

const isClass = (value) => {
  const source = FunctionPrototypeToString(value);
  if (StringPrototypeStartsWith(source, "class")) {
    const next = StringPrototypeCharCodeAt(source, 5);
    return next === 32 || next === 123 || next === 10;
  }
  return false;
};

const errorHeading = (error) => {
  try {
    const name = error.name;
    const message = error.message;
    const shownName = name === undefined ? "Error" : `${name}`;
    const shownMessage = message === undefined ? "" : `${message}`;
    if (shownMessage === "") return shownName;
    return shownName === "" ? shownMessage : `${shownName}: ${shownMessage}`;
  } catch {
    return "Error";
  }
};

const stackFrame = /\n\s+at /;
const frameStart = (stack) => {
  const match = RegExpPrototypeExec(stackFrame, stack);
  return match === null ? -1 : match.index;
};

// Of the core's classes, which leave it to this file.
const { Headers, listOf: fieldsOf } = internals.headers;
webidl.setInspector(Headers, (headers) => {
  const shown = { __proto__: null };
  const pairs = fieldsOf(headers).pairs();
  for (let i = 0; i < pairs.length; i++) shown[pairs[i][0]] = pairs[i][1];
  return shown;
});

internals.inspect = (value, options = undefined) => {
  try {
    return new Printer(options === undefined ? 4 : options.depth).print(value);
  } catch {
    // A guest can nest values deeper than the stack that is left.
    return typeof value === "object" ? "[Object]" : "[...]";
  }
};
internals.errorHeading = errorHeading;
internals.isError = isError;
