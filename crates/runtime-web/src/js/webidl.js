// WebIDL for the platform's classes: argument checks, conversions from JavaScript values, and the shape of
// interfaces (enumerable members, tags, constants, illegal constructors, pair iterators). It knows no
// interface by name, and parses no IDL.
//
// How to use it, `const { webidl } = internals`:
// - Prefix: the head of a message, a constant string: "Failed to execute 'append' on 'Headers'" or
//   "Failed to construct 'Headers'". Context: "Argument 1" or a member's name.
// - `webidl.requiredArguments(arguments.length, 2, prefix)` first in every operation with required arguments.
// - `const { DOMString, USVString, ByteString, boolean, unsignedLong, ... } = webidl.converters;` each is
//   `(value, prefix, context) -> converted` and throws a TypeError. Integers come as `unsignedLong`,
//   `unsignedLongEnforceRange`, `unsignedLongClamp` and likewise octet, unsignedShort, long, longLong,
//   unsignedLongLong. `BufferSource` returns the value itself; `bytesOf(source)` gives a Uint8Array view over it,
//   `copyOfBytes(source)` a copy.
// - Makers of converters: `nullable(c)`, `sequence(c)`, `record(keyC, valueC)`, `enumeration(name, [values])`,
//   `dictionary(name, [{ key, converter, required, defaultValue: () => v }], inherited?)` (gives a
//   null-prototype object; an absent optional member is absent), `callback(name)`,
//   `interfaceType(name, isInstance)`.
// - `webidl.illegal`: the key that only the platform knows. An interface without a public constructor is
//   `constructor(key = undefined) { webidl.checkIllegal(key); }`, made by `new C(webidl.illegal)`.
// - `webidl.exposeInterface(C, name?, { length, constants, exposed })` after the class: makes members enumerable,
//   adds Symbol.toStringTag and defines the global (unless exposed is false). Static methods become enumerable too.
//   Prototype methods under a symbol stay as they are.
// - `webidl.pairIterable(C, name, pairsOf)` adds entries/keys/values/forEach/[Symbol.iterator]; `pairsOf(object)`
//   does the brand check and returns an array of [key, value], read anew at every step.
// - `webidl.exposeOperations({ __proto__: null, setTimeout(handler, timeout) {} })` defines enumerable functions
//   on the global; method syntax makes them what WebIDL wants, functions without [[Construct]].
// - `webidl.setInspector(C, (object) => shown)`: what console prints in place of the object: a string, or a
//   null-prototype object of members. Without it, console shows the interface's readable attributes.

const {
  Map, MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, ReflectApply, ReflectOwnKeys,
  StringPrototypeCharCodeAt, StringPrototypeToWellFormed, Symbol, SymbolIterator, SymbolToStringTag, TypeError,
  defineValue,
} = internals.prim;

const webidl = { __proto__: null };
internals.webidl = webidl;

const fail = (prefix, context, message) => new TypeError(`${prefix}: ${context} ${message}`);
webidl.fail = fail;

webidl.requiredArguments = (present, required, prefix) => {
  if (present < required) {
    const plural = required === 1 ? "" : "s";
    throw new TypeError(`${prefix}: ${required} argument${plural} required, but only ${present} present`);
  }
};

const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
webidl.isObject = isObject;

// --- Conversions ---------------------------------------------------------------------------------------

const converters = { __proto__: null };
webidl.converters = converters;

// The others, and all makers of converters, are in webidl_types.js.
internals.extend(webidl, "webidlTypes");
internals.extend(converters, "webidlConverters");

converters.DOMString = (value, prefix, context) => {
  if (typeof value === "string") return value;
  if (typeof value === "symbol") throw fail(prefix, context, "is a symbol and cannot be converted to a string");
  return `${value}`;
};

converters.USVString = (value, prefix, context) =>
  StringPrototypeToWellFormed(converters.DOMString(value, prefix, context));

converters.ByteString = (value, prefix, context) => {
  const string = converters.DOMString(value, prefix, context);
  for (let i = 0; i < string.length; i++) {
    if (StringPrototypeCharCodeAt(string, i) > 255) {
      throw fail(prefix, context, `has a character above 255 at index ${i}`);
    }
  }
  return string;
};

// --- Interfaces ----------------------------------------------------------------------------------------

webidl.illegal = Symbol("platform");
webidl.checkIllegal = (key) => {
  if (key !== webidl.illegal) throw new TypeError("Illegal constructor");
};

// Prototype object of an interface -> its name. Read by console and structured cloning.
const interfaces = new Map();
webidl.interfaceOfPrototype = (prototype) => MapPrototypeGet(interfaces, prototype);

const makeMembersEnumerable = (target, isConstructor) => {
  const keys = ReflectOwnKeys(target);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key === "symbol" || key === "constructor") continue;
    if (isConstructor && (key === "prototype" || key === "length" || key === "name")) continue;
    ObjectDefineProperty(target, key, { __proto__: null, enumerable: true });
  }
};

const defineTag = (target, tag) => {
  ObjectDefineProperty(target, SymbolToStringTag, {
    __proto__: null, value: tag, writable: false, enumerable: false, configurable: true,
  });
};
webidl.defineTag = defineTag;

webidl.exposeInterface = (constructor, name = constructor.name, options = { __proto__: null }) => {
  const prototype = constructor.prototype;
  makeMembersEnumerable(prototype, false);
  makeMembersEnumerable(constructor, true);
  defineTag(prototype, name);
  if (constructor.name !== name) {
    ObjectDefineProperty(constructor, "name", { __proto__: null, value: name });
  }
  if (options.length !== undefined) {
    ObjectDefineProperty(constructor, "length", { __proto__: null, value: options.length });
  }
  if (options.constants !== undefined) webidl.defineConstants(constructor, options.constants);
  MapPrototypeSet(interfaces, prototype, name);
  if (options.exposed !== false) internals.provide(name, constructor, false);
  return constructor;
};

webidl.pairIterable = (constructor, name, pairsOf) => {
  let makeIterator;
  const iterator = (target, kind) => {
    pairsOf(target);
    makeIterator ??= webidl.pairIterator(name, pairsOf);
    return makeIterator(target, kind);
  };
  const prefix = `Failed to execute 'forEach' on '${name}'`;
  const methods = {
    entries() { return iterator(this, 2); },
    keys() { return iterator(this, 0); },
    values() { return iterator(this, 1); },
    forEach(callback, thisArg = undefined) {
      let pairs = pairsOf(this);
      webidl.requiredArguments(arguments.length, 1, prefix);
      if (typeof callback !== "function") throw new TypeError(`${prefix}: Argument 1 is not a function`);
      for (let i = 0; i < pairs.length; i++) {
        ReflectApply(callback, thisArg, [pairs[i][1], pairs[i][0], this]);
        pairs = pairsOf(this);
      }
    },
  };
  const prototype = constructor.prototype;
  defineValue(prototype, "entries", methods.entries);
  defineValue(prototype, "keys", methods.keys);
  defineValue(prototype, "values", methods.values);
  defineValue(prototype, "forEach", methods.forEach);
  defineValue(prototype, SymbolIterator, methods.entries, false);
};
