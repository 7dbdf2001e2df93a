// The part of Web IDL that a request can do without: most conversions, the makers of converters, buffers, and what units
// say of their interfaces. How it is used stands in webidl.js, to whose members these are added when one is first asked
// for.

const {
  ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, BigInt, BigIntAsIntN, BigIntAsUintN,
  DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset, IteratorPrototype, List,
  Map, MapPrototypeGet, MapPrototypeSet, MathFloor, MathMax, MathMin, MathTrunc, Number, NumberIsFinite, NumberIsNaN,
  ObjectAssign, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectApply, ReflectGetOwnPropertyDescriptor,
  ReflectOwnKeys, SymbolIterator, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, TypedArrayPrototypeSet, Uint8Array,
  isolate, listOf,
} = internals.prim;

const { webidl } = internals;
const { defineTag, fail, isObject } = webidl;
const { DOMString } = webidl.converters;

const types = { __proto__: null };
const converters = { __proto__: null };

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

// --- Makers of converters --------------------------------------------------------------------------------

class DictionaryMember {
  constructor({ key, converter, required, defaultValue }) {
    this.key = key;
    this.converter = converter;
    this.required = required;
    this.defaultValue = defaultValue;
  }
}
isolate(DictionaryMember);

types.nullable = (converter) => (value, prefix, context) =>
  value === null || value === undefined ? null : converter(value, prefix, context);

// sequence<T>: any object with an iterator; the iterator runs as the guest made it.
types.sequence = (converter) => (value, prefix, context) => {
  if (!isObject(value)) throw fail(prefix, context, "is not an object with an iterator");
  const method = value[SymbolIterator];
  if (typeof method !== "function") throw fail(prefix, context, "is not iterable");
  return types.sequenceFrom(value, method, converter, prefix, context);
};

// The second half of a sequence conversion, for unions that have already looked up the iterator method.
types.sequenceFrom = (value, method, converter, prefix, context) => {
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
types.record = (keyConverter, valueConverter) => (value, prefix, context) => {
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

types.enumeration = (name, values) => {
  const known = listOf(values);
  return (value, prefix, context) => {
    const string = DOMString(value, prefix, context);
    if (!known.includes(string)) throw fail(prefix, context, `('${string}') is not a value of ${name}`);
    return string;
  };
};

const byKey = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

// `inherited` is a converter that another call of `dictionary` made.
types.dictionary = (name, members, inherited = undefined) => {
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

types.callback = (name) => (value, prefix, context) => {
  if (typeof value !== "function") throw fail(prefix, context, `is not a function (${name})`);
  return value;
};

types.interfaceType = (name, isInstance) => (value, prefix, context) => {
  if (!isObject(value) || !isInstance(value)) throw fail(prefix, context, `is not of type '${name}'`);
  return value;
};

// --- Buffers -------------------------------------------------------------------------------------------

types.isArrayBuffer = (value) => {
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

types.isSharedArrayBuffer = (value) => {
  if (typeof value !== "object" || value === null) return false;
  try {
    return native.cloneKind(value) === SHARED_ARRAY_BUFFER;
  } catch {
    return false;
  }
};

const isView = ArrayBufferIsView;
types.isView = isView;
const bufferOfView = (view) =>
  TypedArrayPrototypeGetSymbolToStringTag(view) === undefined
    ? DataViewPrototypeGetBuffer(view)
    : TypedArrayPrototypeGetBuffer(view);
types.bufferOfView = bufferOfView;

converters.ArrayBufferView = (value, prefix, context) => {
  if (!isView(value)) throw fail(prefix, context, "is not an ArrayBufferView");
  if (!types.isArrayBuffer(bufferOfView(value))) throw fail(prefix, context, "is a view on shared memory");
  return value;
};

converters.BufferSource = (value, prefix, context) => {
  if (isView(value)) return converters.ArrayBufferView(value, prefix, context);
  if (!types.isArrayBuffer(value)) throw fail(prefix, context, "is not an ArrayBuffer or a view on one");
  return value;
};

// [AllowShared] BufferSource, as the Encoding specification takes it.
converters.AllowSharedBufferSource = (value, prefix, context) => {
  if (isView(value) || types.isArrayBuffer(value) || types.isSharedArrayBuffer(value)) return value;
  throw fail(prefix, context, "is not an ArrayBuffer or a view on one");
};

converters.Uint8Array = (value, prefix, context) => {
  if (TypedArrayPrototypeGetSymbolToStringTag(value) !== "Uint8Array") {
    throw fail(prefix, context, "is not a Uint8Array");
  }
  return value;
};

// A Uint8Array over the same memory; empty for a detached buffer.
types.bytesOf = (source) => {
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

types.copyOfBytes = (source) => {
  const view = types.bytesOf(source);
  const copy = new Uint8Array(TypedArrayPrototypeGetByteLength(view));
  TypedArrayPrototypeSet(copy, view);
  return copy;
};

// --- Interfaces whose objects can be cloned or transferred ---------------------------------------------

// Read by structured cloning, which need not be loaded for a class to say that it takes part.
types.serialisables = new List();
types.transferables = new List();

// `serialise(object)` gives a value that can be cloned, `deserialise(value)` an object from the copy.
types.serialisable = (isInstance, serialise, deserialise) => {
  types.serialisables.push({ __proto__: null, isInstance, serialise, deserialise });
};

// `transfer(object)` gives the object that takes over, and throws a DataCloneError if the object cannot be given away
// (any more).
types.transferable = (isInstance, transfer) => {
  types.transferables.push({ __proto__: null, isInstance, transfer });
};

// --- Interfaces ----------------------------------------------------------------------------------------

// Operations of the global: enumerable, writable, configurable.
types.exposeOperations = (operations) => {
  const keys = ReflectOwnKeys(operations);
  for (let i = 0; i < keys.length; i++) internals.provide(keys[i], operations[keys[i]], true);
};

types.defineConstants = (constructor, constants) => {
  const keys = ReflectOwnKeys(constants);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = {
      __proto__: null, value: constants[keys[i]], writable: false, enumerable: true, configurable: false,
    };
    ObjectDefineProperty(constructor, keys[i], descriptor);
    ObjectDefineProperty(constructor.prototype, keys[i], descriptor);
  }
};

// Prototype object of an interface -> what shows its objects.
const inspectors = new Map();
types.inspectorOfPrototype = (prototype) => MapPrototypeGet(inspectors, prototype);
types.setInspector = (constructor, inspector) => MapPrototypeSet(inspectors, constructor.prototype, inspector);

// The iterator of a pairIterable: `makeIterator(target, kind)`, for keys (0), values (1) or both (2).
types.pairIterator = (name, pairsOf) => {
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
  return (target, kind) => new PairIterator(target, kind);
};

internals.webidlTypes = types;
internals.webidlConverters = converters;
