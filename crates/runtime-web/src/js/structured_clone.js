// structuredClone, as HTML defines it: a value is taken apart into records first, which may run getters of the guest's,
// and put together again from them, which may not. Native is only what JavaScript cannot know: which kind of object
// it has before it. That the rest is JavaScript means that a guest's clone can be stopped, is paid for out of the
// guest's memory, and shares strings with the original.
//
// For other files: `internals.cloning.clone(value)` gives a copy, `internals.cloning.cloneWithTransfer(value, transfer)`
// a copy and the list of objects that took over from those in `transfer`. Which instances of interfaces take part is
// known to webidl.js.

const {
  ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetDetached, ArrayBufferPrototypeGetResizable, BigInt64Array,
  BigIntPrototypeValueOf, BigUint64Array, BooleanPrototypeValueOf, DataView, DataViewPrototypeGetBuffer,
  DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset, Date, DatePrototypeGetTime, Error, EvalError,
  Float32Array, Float64Array, Int16Array, Int32Array, Int8Array, List, Map, MapPrototypeForEach, MapPrototypeGet,
  MapPrototypeHas, MapPrototypeSet, NumberPrototypeValueOf, Object, ObjectHasOwn, ObjectKeys, ObjectPrototype,
  RangeError, ReferenceError, ReflectGetOwnPropertyDescriptor, ReflectGetPrototypeOf, RegExp,
  RegExpPrototypeGetDotAll, RegExpPrototypeGetGlobal, RegExpPrototypeGetHasIndices, RegExpPrototypeGetIgnoreCase,
  RegExpPrototypeGetMultiline, RegExpPrototypeGetSource, RegExpPrototypeGetSticky, RegExpPrototypeGetUnicode,
  RegExpPrototypeGetUnicodeSets, Set, SetPrototypeAdd, SetPrototypeForEach, StringPrototypeValueOf, SyntaxError,
  TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength,
  TypedArrayPrototypeGetSymbolToStringTag, TypedArrayPrototypeSet, URIError, Uint16Array, Uint32Array, Uint8Array,
  Uint8ClampedArray, defineValue,
} = internals.prim;
const { bufferRoom, webidl } = internals;
const { holds } = bufferRoom;
const { isObject } = webidl;
const { object } = webidl.converters;

const cloning = { __proto__: null };
internals.cloning = cloning;

const notCloneable = (message) => internals.domException(message, "DataCloneError");

// The kinds of objects, as the native `cloneKind` tells them.
const ORDINARY = 0;
const ARRAY = 1;
const DATE = 2;
const REG_EXP = 3;
const BOOLEAN_OBJECT = 4;
const NUMBER_OBJECT = 5;
const STRING_OBJECT = 6;
const BIG_INT_OBJECT = 7;
const MAP = 8;
const SET = 9;
const ARRAY_BUFFER = 10;
const SHARED_ARRAY_BUFFER = 11;
const VIEW = 12;
const ERROR = 13;
const WASM_MODULE = 14;
// And one of our own: an instance of a registered interface.
const PLATFORM = 15;

// An object, taken apart. Primitive values stand for themselves wherever a record could be, and no other object does.
class Record {
  kind;
  // What the kind needs.
  value = undefined;
  // Names or keys, and the records of what is under them.
  keys = undefined;
  values = undefined;
  // The object put together again.
  copy = undefined;

  constructor(kind) {
    this.kind = kind;
  }
}

// --- Platform classes ----------------------------------------------------------------------------------

// The registration, among a list of webidl.js, of the class that a value is of.
const registrationOf = (registered, value) => {
  for (let i = 0; i < registered.length; i++) {
    if (registered[i].isInstance(value)) return registered[i];
  }
  return undefined;
};

// Throws for an instance of a platform class that is not registered.
const checkOrdinary = (value) => {
  let at = ReflectGetPrototypeOf(value);
  while (at !== null && at !== ObjectPrototype) {
    const found = webidl.interfaceOfPrototype(at);
    if (found !== undefined) throw notCloneable(`${found} object could not be cloned.`);
    at = ReflectGetPrototypeOf(at);
  }
};

// --- Taking apart --------------------------------------------------------------------------------------

// Adds to a plain object what it has not got as its own, whatever a guest has put on Object.prototype.
const put = (target, key, value) => {
  if (key in target) defineValue(target, key, value);
  else target[key] = value;
};

const serialise = (value, memory) => {
  if (!isObject(value)) {
    // Refuses symbols.
    if (typeof value === "symbol") native.cloneKind(value);
    return value;
  }
  const known = MapPrototypeGet(memory, value);
  if (known !== undefined) return known;
  const record = new Record(native.cloneKind(value));
  MapPrototypeSet(memory, value, record);
  takeApart[record.kind](record, value, memory);
  return record;
};

// Replaces a list of values by their records.
const serialiseAll = (values, memory) => {
  for (let i = 0; i < values.length; i++) values[i] = serialise(values[i], memory);
};

// The properties under these names; a getter may have removed some meanwhile.
const takeProperties = (record, value, keys, memory) => {
  const values = new List();
  let count = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (!ObjectHasOwn(value, key)) continue;
    values.push(serialise(value[key], memory));
    keys[count++] = key;
  }
  keys.length = count;
  record.keys = keys;
  record.values = values;
};

const takePlatformObject = (record, registration, value, memory) => {
  record.kind = PLATFORM;
  const parts = serialise(registration.serialise(value), memory);
  record.value = { __proto__: null, registration, parts };
};

const isArrayBuffer = (value) => {
  try {
    ArrayBufferPrototypeGetByteLength(value);
    return true;
  } catch {
    return false;
  }
};

const checkAttached = (buffer) => {
  if (!ArrayBufferPrototypeGetDetached(buffer)) return;
  throw notCloneable("An ArrayBuffer is detached and could not be cloned.");
};

const bytesCopy = (buffer) => {
  checkAttached(buffer);
  const copy = bufferRoom.like(buffer);
  TypedArrayPrototypeSet(new Uint8Array(copy), new Uint8Array(buffer));
  return copy;
};

// The own flags of a regular expression, which its `flags` getter would ask its `global` and so on for.
const flagLetters = "dgimsuvy";
const flagGetters = [
  RegExpPrototypeGetHasIndices, RegExpPrototypeGetGlobal, RegExpPrototypeGetIgnoreCase, RegExpPrototypeGetMultiline,
  RegExpPrototypeGetDotAll, RegExpPrototypeGetUnicode, RegExpPrototypeGetUnicodeSets, RegExpPrototypeGetSticky,
];

const flagsOf = (value) => {
  let flags = "";
  for (let i = 0; i < flagGetters.length; i++) {
    if (flagGetters[i](value)) flags += flagLetters[i];
  }
  return flags;
};

// Float16Array is not among them: V8 adds it to contexts that it has made from the snapshot, and what a guest then
// finds under that name is the guest's.
const typedArrays = {
  __proto__: null, BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int8Array, Int16Array,
  Int32Array, Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array,
};
const errors = {
  __proto__: null, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
};

// By kind.
const takeApart = new List();
takeApart[ORDINARY] = (record, value, memory) => {
  const prototype = ReflectGetPrototypeOf(value);
  if (prototype !== ObjectPrototype && prototype !== null) {
    const registration = registrationOf(webidl.serialisables, value);
    if (registration !== undefined) return takePlatformObject(record, registration, value, memory);
    checkOrdinary(value);
  }
  takeProperties(record, value, ObjectKeys(value), memory);
};
takeApart[ARRAY] = (record, value, memory) => {
  const { length } = value;
  const keys = native.arrayKeys(value);
  record.value = { __proto__: null, length, isDense: false, isHoley: false };
  if (keys.length !== length || (length > 0 && keys[length - 1] !== length - 1)) {
    takeProperties(record, value, keys, memory);
    return;
  }
  // The list of indices has all the places that the values need, and is nobody else's: it becomes the copy.
  record.value.isDense = true;
  for (let i = 0; i < length; i++) {
    if (ObjectHasOwn(value, i)) {
      keys[i] = serialise(value[i], memory);
    } else {
      // A getter has removed it meanwhile.
      delete keys[i];
      record.value.isHoley = true;
    }
  }
  record.values = keys;
};
takeApart[DATE] = (record, value) => { record.value = DatePrototypeGetTime(value); };
takeApart[REG_EXP] = (record, value) => {
  record.value = { __proto__: null, source: RegExpPrototypeGetSource(value), flags: flagsOf(value) };
};
takeApart[BOOLEAN_OBJECT] = (record, value) => { record.value = BooleanPrototypeValueOf(value); };
takeApart[NUMBER_OBJECT] = (record, value) => { record.value = NumberPrototypeValueOf(value); };
takeApart[STRING_OBJECT] = (record, value) => { record.value = StringPrototypeValueOf(value); };
takeApart[BIG_INT_OBJECT] = (record, value) => { record.value = BigIntPrototypeValueOf(value); };
takeApart[MAP] = (record, value, memory) => {
  const keys = new List();
  const values = new List();
  MapPrototypeForEach(value, (item, key) => {
    keys.push(key);
    values.push(item);
  });
  for (let i = 0; i < keys.length; i++) {
    keys[i] = serialise(keys[i], memory);
    values[i] = serialise(values[i], memory);
  }
  record.keys = keys;
  record.values = values;
};
takeApart[SET] = (record, value, memory) => {
  const values = new List();
  SetPrototypeForEach(value, (item) => values.push(item));
  serialiseAll(values, memory);
  record.values = values;
};
takeApart[ARRAY_BUFFER] = (record, value) => { record.value = bytesCopy(value); };
takeApart[SHARED_ARRAY_BUFFER] = (record, value) => {
  record.value = native.shareBuffer(value);
  holds.share(value, record.value);
};
takeApart[VIEW] = (record, value, memory) => {
  const type = TypedArrayPrototypeGetSymbolToStringTag(value);
  const isTyped = type !== undefined;
  const buffer = isTyped ? TypedArrayPrototypeGetBuffer(value) : DataViewPrototypeGetBuffer(value);
  const isShared = !isArrayBuffer(buffer);
  if (!isShared) checkAttached(buffer);
  const constructor = isTyped ? typedArrays[type] : DataView;
  if (constructor === undefined || isShared || ArrayBufferPrototypeGetResizable(buffer)) {
    // Throws if the view is out of the bounds of a buffer that has shrunk.
    const description = native.describeView(value);
    record.value = { __proto__: null, description, buffer: serialise(buffer, memory) };
    return;
  }
  record.value = {
    __proto__: null,
    constructor,
    buffer: serialise(buffer, memory),
    offset: isTyped ? TypedArrayPrototypeGetByteOffset(value) : DataViewPrototypeGetByteOffset(value),
    length: isTyped ? TypedArrayPrototypeGetLength(value) : DataViewPrototypeGetByteLength(value),
  };
};
takeApart[ERROR] = (record, value, memory) => {
  const registration = registrationOf(webidl.serialisables, value);
  if (registration !== undefined) return takePlatformObject(record, registration, value, memory);
  const { name } = value;
  const message = ReflectGetOwnPropertyDescriptor(value, "message");
  const stack = ObjectHasOwn(value, "stack") ? value.stack : undefined;
  record.value = {
    __proto__: null,
    name: typeof name === "string" && errors[name] !== undefined ? name : "Error",
    message: message !== undefined && ObjectHasOwn(message, "value") ? `${message.value}` : undefined,
    stack: typeof stack === "string" ? stack : undefined,
    hasCause: ObjectHasOwn(value, "cause"),
    cause: undefined,
  };
  if (record.value.hasCause) record.value.cause = serialise(value.cause, memory);
};
takeApart[WASM_MODULE] = (record, value) => { record.value = native.shareModule(value); };

// --- Putting together ----------------------------------------------------------------------------------

const revive = (record) => {
  if (!isObject(record)) return record;
  if (record.copy === undefined) putTogether[record.kind](record);
  return record.copy;
};

const reviveBoxed = (record) => { record.copy = Object(record.value); };
const reviveAsIs = (record) => { record.copy = record.value; };

// By kind. What can refer to itself is known as the copy before its contents are.
const putTogether = new List();
putTogether[ORDINARY] = (record) => {
  const copy = {};
  record.copy = copy;
  const { keys, values } = record;
  for (let i = 0; i < keys.length; i++) put(copy, keys[i], revive(values[i]));
};
putTogether[ARRAY] = (record) => {
  const { length, isDense, isHoley } = record.value;
  if (!isDense) {
    const copy = new List();
    record.copy = copy;
    copy.length = length;
    const { keys, values } = record;
    for (let i = 0; i < keys.length; i++) copy[keys[i]] = revive(values[i]);
    copy.handOut();
    return;
  }
  const { values } = record;
  record.copy = values;
  for (let i = 0; i < length; i++) {
    if (!isHoley || ObjectHasOwn(values, i)) values[i] = revive(values[i]);
  }
};
putTogether[DATE] = (record) => { record.copy = new Date(record.value); };
putTogether[REG_EXP] = (record) => { record.copy = new RegExp(record.value.source, record.value.flags); };
putTogether[BOOLEAN_OBJECT] = reviveBoxed;
putTogether[NUMBER_OBJECT] = reviveBoxed;
putTogether[STRING_OBJECT] = reviveBoxed;
putTogether[BIG_INT_OBJECT] = reviveBoxed;
putTogether[MAP] = (record) => {
  const copy = new Map();
  record.copy = copy;
  const { keys, values } = record;
  for (let i = 0; i < keys.length; i++) MapPrototypeSet(copy, revive(keys[i]), revive(values[i]));
};
putTogether[SET] = (record) => {
  const copy = new Set();
  record.copy = copy;
  const { values } = record;
  for (let i = 0; i < values.length; i++) SetPrototypeAdd(copy, revive(values[i]));
};
putTogether[ARRAY_BUFFER] = reviveAsIs;
putTogether[SHARED_ARRAY_BUFFER] = reviveAsIs;
putTogether[VIEW] = (record) => {
  const { buffer, description, constructor: View, offset, length } = record.value;
  const copy = revive(buffer);
  record.copy = description === undefined ? new View(copy, offset, length) : native.makeView(description, copy);
};
putTogether[ERROR] = (record) => {
  const { name, message, stack, hasCause, cause } = record.value;
  const copy = new errors[name]();
  record.copy = copy;
  if (message !== undefined) defineValue(copy, "message", message, false);
  // Without one, the copy shows where it was made in the platform, which concerns nobody.
  defineValue(copy, "stack", stack ?? `${name}: ${message ?? ""}`, false);
  if (hasCause) defineValue(copy, "cause", revive(cause), false);
};
putTogether[WASM_MODULE] = reviveAsIs;
putTogether[PLATFORM] = (record) => {
  record.copy = record.value.registration.deserialise(revive(record.value.parts));
};

// --- The function --------------------------------------------------------------------------------------

cloning.clone = (value) =>
  (isObject(value) || typeof value === "symbol" ? revive(serialise(value, new Map())) : value);

// The copy of the value, and what took over from the objects of `transfer`, in order.
cloning.cloneWithTransfer = (value, transfer) => {
  const memory = new Map();
  const records = new List();
  for (let i = 0; i < transfer.length; i++) {
    const item = transfer[i];
    const registration = isArrayBuffer(item) ? undefined : registrationOf(webidl.transferables, item);
    if (registration === undefined && !isArrayBuffer(item)) {
      throw notCloneable(`Value at index ${i} does not have a transferable type.`);
    }
    if (MapPrototypeHas(memory, item)) throw notCloneable(`Value at index ${i} is a duplicate of an earlier one.`);
    records.push(new Record(registration === undefined ? ARRAY_BUFFER : PLATFORM));
    records[i].value = { __proto__: null, registration };
    MapPrototypeSet(memory, item, records[i]);
  }
  const record = serialise(value, memory);
  const transferred = new List();
  for (let i = 0; i < transfer.length; i++) {
    const item = transfer[i];
    const { registration } = records[i].value;
    if (registration === undefined) {
      checkAttached(item);
      records[i].copy = bufferRoom.transferred(item);
    } else {
      records[i].copy = registration.transfer(item);
    }
    transferred.push(records[i].copy);
  }
  return { __proto__: null, copy: revive(record), transferred };
};

const StructuredSerializeOptions = webidl.dictionary("StructuredSerializeOptions", [
  { key: "transfer", converter: webidl.sequence(object), defaultValue: () => new List() },
]);

webidl.exposeOperations({
  __proto__: null,
  structuredClone(value, options = undefined) {
    const prefix = "Failed to execute 'structuredClone'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const { transfer } = StructuredSerializeOptions(options, prefix, "Argument 2");
    return transfer.length === 0 ? cloning.clone(value) : cloning.cloneWithTransfer(value, transfer).copy;
  },
});
