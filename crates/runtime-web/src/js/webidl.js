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
  ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, BigInt, BigIntAsIntN, BigIntAsUintN,
  DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset, IteratorPrototype,
  List, Map, MapPrototypeGet, MapPrototypeSet, MathFloor, MathMax, MathMin, MathTrunc, Number, NumberIsFinite,
  NumberIsNaN, ObjectAssign, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectApply, ReflectGetOwnPropertyDescriptor,
  ReflectOwnKeys, StringPrototypeCharCodeAt, StringPrototypeToWellFormed,
  Symbol, SymbolIterator, SymbolToStringTag, TypeError, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag,
  TypedArrayPrototypeSet, Uint8Array, defineValue, listOf,
} = internals.prim;

const { global } = internals;
const webidl = { __proto__: null };
internals.webidl = webidl;

// What a context holds from the start is kept in classes off the guest's prototypes: an object without a prototype is a
// hash table for V8, several times as large.
class DictionaryMember {
  constructor({ key, converter, required, defaultValue }) {
    this.key = key;
    this.converter = converter;
    this.required = required;
    this.defaultValue = defaultValue;
  }
}
ObjectSetPrototypeOf(DictionaryMember.prototype, null);

class Interface {
  constructor(name) {
    this.name = name;
    this.inspector = undefined;
  }
}
ObjectSetPrototypeOf(Interface.prototype, null);

const fail = (prefix, context, message) => new TypeError(`${prefix}: ${context} ${message}`);

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

converters.any = (value) => value;

converters.object = (value, prefix, context) => {
  if (!isObject(value)) throw fail(prefix, context, "is not an object");
  return value;
};

converters.boolean = (value) => !!value;

const toNumber = (value, prefix, context) => {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") throw fail(prefix, context, "is a BigInt and cannot be converted to a number");
  if (typeof value === "symbol") throw fail(prefix, context, "is a symbol and cannot be converted to a number");
  return +value;
};

converters.unrestrictedDouble = toNumber;

converters.double = (value, prefix, context) => {
  const number = toNumber(value, prefix, context);
  if (!NumberIsFinite(number)) throw fail(prefix, context, "is not a finite number");
  return number;
};

const evenRound = (x) => {
  const floor = MathFloor(x);
  const fraction = x - floor;
  if (fraction < 0.5) return floor;
  if (fraction > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
};

// ConvertToInt of WebIDL. `mode` is 0 (modulo), 1 ([EnforceRange]) or 2 ([Clamp]).
const integerConverter = (bits, unsigned, mode) => {
  const upper = bits === 64 ? 2 ** 53 - 1 : unsigned ? 2 ** bits - 1 : 2 ** (bits - 1) - 1;
  const lower = unsigned ? 0 : bits === 64 ? -(2 ** 53) + 1 : -(2 ** (bits - 1));
  const modulus = 2 ** bits;
  const half = 2 ** (bits - 1);
  return (value, prefix, context) => {
    let x = toNumber(value, prefix, context);
    if (mode === 1) {
      if (!NumberIsFinite(x)) throw fail(prefix, context, "is not a finite number");
      x = MathTrunc(x);
      if (x < lower || x > upper) throw fail(prefix, context, `is outside the range [${lower}, ${upper}]`);
      return x + 0;
    }
    if (mode === 2) {
      if (NumberIsNaN(x)) return 0;
      return evenRound(MathMin(MathMax(x, lower), upper)) + 0;
    }
    if (!NumberIsFinite(x)) return 0;
    x = MathTrunc(x) + 0;
    if (x >= lower && x <= upper) return x;
    if (bits === 64) return Number((unsigned ? BigIntAsUintN : BigIntAsIntN)(64, BigInt(x)));
    x = x - MathFloor(x / modulus) * modulus;
    return !unsigned && x >= half ? x - modulus : x;
  };
};

const integers = [
  ["octet", 8, true], ["unsignedShort", 16, true], ["long", 32, false], ["unsignedLong", 32, true],
  ["longLong", 64, false], ["unsignedLongLong", 64, true],
];
for (let i = 0; i < integers.length; i++) {
  const name = integers[i][0];
  converters[name] = integerConverter(integers[i][1], integers[i][2], 0);
  converters[`${name}EnforceRange`] = integerConverter(integers[i][1], integers[i][2], 1);
  converters[`${name}Clamp`] = integerConverter(integers[i][1], integers[i][2], 2);
}

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

webidl.nullable = (converter) => (value, prefix, context) =>
  value === null || value === undefined ? null : converter(value, prefix, context);

// sequence<T>: any object with an iterator; the iterator runs as the guest made it.
webidl.sequence = (converter) => (value, prefix, context) => {
  if (!isObject(value)) throw fail(prefix, context, "is not an object with an iterator");
  const method = value[SymbolIterator];
  if (typeof method !== "function") throw fail(prefix, context, "is not iterable");
  return webidl.sequenceFrom(value, method, converter, prefix, context);
};

// The second half of a sequence conversion, for unions that have already looked up the iterator method.
webidl.sequenceFrom = (value, method, converter, prefix, context) => {
  const iterator = ReflectApply(method, value, []);
  if (!isObject(iterator)) throw fail(prefix, context, "has an iterator that is not an object");
  const next = iterator.next;
  const items = new List();
  for (;;) {
    const step = ReflectApply(next, iterator, []);
    if (!isObject(step)) throw fail(prefix, context, "has an iterator whose result is not an object");
    if (step.done) return items;
    items.push(converter(step.value, prefix, `${context}, item ${items.length},`));
  }
};

// record<K, V>: an array of [key, value], in the object's own order, with later duplicates overwriting.
webidl.record = (keyConverter, valueConverter) => (value, prefix, context) => {
  if (!isObject(value)) throw fail(prefix, context, "is not an object");
  const pairs = new List();
  const positions = new Map();
  const keys = ReflectOwnKeys(value);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = ReflectGetOwnPropertyDescriptor(value, keys[i]);
    if (descriptor === undefined || !descriptor.enumerable) continue;
    const key = keyConverter(keys[i], prefix, `${context}, a key,`);
    const converted = valueConverter(value[keys[i]], prefix, `${context}, the value of '${key}',`);
    const known = MapPrototypeGet(positions, key);
    if (known === undefined) {
      MapPrototypeSet(positions, key, pairs.length);
      pairs.push([key, converted]);
    } else {
      pairs[known][1] = converted;
    }
  }
  return pairs;
};

webidl.enumeration = (name, values) => {
  const known = listOf(values);
  return (value, prefix, context) => {
    const string = converters.DOMString(value, prefix, context);
    if (!known.includes(string)) throw fail(prefix, context, `('${string}') is not a value of ${name}`);
    return string;
  };
};

const byKey = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

// `inherited` is a converter that another call of `dictionary` made.
webidl.dictionary = (name, members, inherited = undefined) => {
  const sorted = new List();
  for (let i = 0; i < members.length; i++) {
    // Without a prototype, since absent members of the description are looked up, too.
    sorted.push(new DictionaryMember(ObjectAssign({ __proto__: null, required: false }, members[i])));
  }
  sorted.sort(byKey);
  const fill = (value, result, prefix, context) => {
    if (inherited !== undefined) inherited.fill(value, result, prefix, context);
    for (let i = 0; i < sorted.length; i++) {
      const member = sorted[i];
      const given = value === undefined || value === null ? undefined : value[member.key];
      if (given !== undefined) {
        result[member.key] = member.converter(given, prefix, `${context}, member '${member.key}',`);
      } else if (member.defaultValue !== undefined) {
        result[member.key] = member.defaultValue();
      } else if (member.required) {
        throw fail(prefix, context, `has no member '${member.key}', which ${name} requires`);
      }
    }
    return result;
  };
  const converter = (value, prefix, context) => {
    if (value !== undefined && value !== null && !isObject(value)) {
      throw fail(prefix, context, `cannot be converted to ${name}: it is not an object`);
    }
    return fill(value, { __proto__: null }, prefix, context);
  };
  converter.fill = fill;
  return converter;
};

webidl.callback = (name) => (value, prefix, context) => {
  if (typeof value !== "function") throw fail(prefix, context, `is not a function (${name})`);
  return value;
};

webidl.interfaceType = (name, isInstance) => (value, prefix, context) => {
  if (!isObject(value) || !isInstance(value)) throw fail(prefix, context, `is not of type '${name}'`);
  return value;
};

// --- Buffers -------------------------------------------------------------------------------------------

webidl.isArrayBuffer = (value) => {
  if (typeof value !== "object" || value === null) return false;
  try {
    ArrayBufferPrototypeGetByteLength(value);
    return true;
  } catch {
    return false;
  }
};

// Of native.cloneKind. The language's own accessor is not there yet when the snapshot is made.
const SHARED_ARRAY_BUFFER = 11;

webidl.isSharedArrayBuffer = (value) => {
  if (typeof value !== "object" || value === null) return false;
  try {
    return native.cloneKind(value) === SHARED_ARRAY_BUFFER;
  } catch {
    return false;
  }
};

const isView = ArrayBufferIsView;
webidl.isView = isView;
const bufferOfView = (view) =>
  TypedArrayPrototypeGetSymbolToStringTag(view) === undefined
    ? DataViewPrototypeGetBuffer(view)
    : TypedArrayPrototypeGetBuffer(view);
webidl.bufferOfView = bufferOfView;

converters.ArrayBufferView = (value, prefix, context) => {
  if (!isView(value)) throw fail(prefix, context, "is not an ArrayBufferView");
  if (!webidl.isArrayBuffer(bufferOfView(value))) throw fail(prefix, context, "is a view on shared memory");
  return value;
};

converters.BufferSource = (value, prefix, context) => {
  if (isView(value)) return converters.ArrayBufferView(value, prefix, context);
  if (!webidl.isArrayBuffer(value)) throw fail(prefix, context, "is not an ArrayBuffer or a view on one");
  return value;
};

// [AllowShared] BufferSource, as the Encoding specification takes it.
converters.AllowSharedBufferSource = (value, prefix, context) => {
  if (isView(value) || webidl.isArrayBuffer(value) || webidl.isSharedArrayBuffer(value)) return value;
  throw fail(prefix, context, "is not an ArrayBuffer or a view on one");
};

converters.Uint8Array = (value, prefix, context) => {
  if (TypedArrayPrototypeGetSymbolToStringTag(value) !== "Uint8Array") {
    throw fail(prefix, context, "is not a Uint8Array");
  }
  return value;
};

// A Uint8Array over the same memory; empty for a detached buffer.
webidl.bytesOf = (source) => {
  if (!isView(source)) {
    try {
      return new Uint8Array(source);
    } catch {
      return new Uint8Array(0);
    }
  }
  if (TypedArrayPrototypeGetSymbolToStringTag(source) !== undefined) {
    const length = TypedArrayPrototypeGetByteLength(source);
    if (length === 0) return new Uint8Array(0);
    return new Uint8Array(TypedArrayPrototypeGetBuffer(source), TypedArrayPrototypeGetByteOffset(source), length);
  }
  try {
    const length = DataViewPrototypeGetByteLength(source);
    return new Uint8Array(DataViewPrototypeGetBuffer(source), DataViewPrototypeGetByteOffset(source), length);
  } catch {
    return new Uint8Array(0);
  }
};

webidl.copyOfBytes = (source) => {
  const view = webidl.bytesOf(source);
  const copy = new Uint8Array(TypedArrayPrototypeGetByteLength(view));
  TypedArrayPrototypeSet(copy, view);
  return copy;
};

// --- Interfaces whose objects can be cloned or transferred ---------------------------------------------

// Read by structured cloning, which need not be loaded for a class to say that it takes part.
webidl.serialisables = new List();
webidl.transferables = new List();

// `serialise(object)` gives a value that can be cloned, `deserialise(value)` an object from the copy.
webidl.serialisable = (isInstance, serialise, deserialise) => {
  webidl.serialisables.push({ __proto__: null, isInstance, serialise, deserialise });
};

// `transfer(object)` gives the object that takes over, and throws a DataCloneError if the object cannot be given away
// (any more).
webidl.transferable = (isInstance, transfer) => {
  webidl.transferables.push({ __proto__: null, isInstance, transfer });
};

// --- Interfaces ----------------------------------------------------------------------------------------

webidl.illegal = Symbol("platform");
webidl.checkIllegal = (key) => {
  if (key !== webidl.illegal) throw new TypeError("Illegal constructor");
};

// Prototype object of an interface -> { name, inspector }. Read by console and structured cloning.
const interfaces = new Map();
webidl.interfaceOfPrototype = (prototype) => MapPrototypeGet(interfaces, prototype);

webidl.setInspector = (constructor, inspector) => {
  MapPrototypeGet(interfaces, constructor.prototype).inspector = inspector;
};

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

const defineConstant = (target, key, value) => {
  ObjectDefineProperty(target, key, {
    __proto__: null, value, writable: false, enumerable: true, configurable: false,
  });
};

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
  const constants = options.constants;
  if (constants !== undefined) {
    const keys = ReflectOwnKeys(constants);
    for (let i = 0; i < keys.length; i++) {
      defineConstant(constructor, keys[i], constants[keys[i]]);
      defineConstant(prototype, keys[i], constants[keys[i]]);
    }
  }
  MapPrototypeSet(interfaces, prototype, new Interface(name));
  if (options.exposed !== false) internals.provide(name, constructor, false);
  return constructor;
};

// Operations of the global: enumerable, writable, configurable.
webidl.exposeOperations = (operations) => {
  const keys = ReflectOwnKeys(operations);
  for (let i = 0; i < keys.length; i++) internals.provide(keys[i], operations[keys[i]], true);
};

// An attribute of the global is on a prototype of its, and works on nothing else; without a receiver it means the global.
webidl.checkGlobal = (receiver) => {
  if (receiver !== undefined && receiver !== null && receiver !== global) throw new TypeError("Illegal invocation");
};

// An attribute of the global that may be replaced, as [Replaceable] ones are.
webidl.exposeReplaceable = (prototype, name, read) => {
  const accessors = {
    get [name]() {
      webidl.checkGlobal(this);
      return read();
    },
    set [name](value) {
      webidl.checkGlobal(this);
      defineValue(global, name, value);
    },
  };
  const descriptor = ReflectGetOwnPropertyDescriptor(accessors, name);
  ObjectDefineProperty(prototype, name, {
    __proto__: null, get: descriptor.get, set: descriptor.set, enumerable: true, configurable: true,
  });
};

webidl.pairIterable = (constructor, name, pairsOf) => {
  class PairIterator {
    #target;
    #kind;
    #index = 0;
    constructor(target, kind) {
      this.#target = target;
      this.#kind = kind;
    }
    next() {
      const pairs = pairsOf(this.#target);
      if (this.#index >= pairs.length) return { value: undefined, done: true };
      const pair = pairs[this.#index++];
      const value = this.#kind === 0 ? pair[0] : this.#kind === 1 ? pair[1] : [pair[0], pair[1]];
      return { value, done: false };
    }
  }
  const iteratorPrototype = PairIterator.prototype;
  delete iteratorPrototype.constructor;
  ObjectSetPrototypeOf(iteratorPrototype, IteratorPrototype);
  ObjectDefineProperty(iteratorPrototype, "next", { __proto__: null, enumerable: true });
  defineTag(iteratorPrototype, `${name} Iterator`);

  const checked = (target) => {
    pairsOf(target);
    return target;
  };
  const prefix = `Failed to execute 'forEach' on '${name}'`;
  const methods = {
    entries() { return new PairIterator(checked(this), 2); },
    keys() { return new PairIterator(checked(this), 0); },
    values() { return new PairIterator(checked(this), 1); },
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
