// Captured intrinsics: everything that platform code needs of the language, taken while the snapshot is
// built, before any guest code exists. A guest may replace every method that it can reach; what is held
// here stays as it was. This is not a standard library: it adds nothing to what the language has, and
// nothing of it is reachable by a guest.
//
// How to use it:
// - `const { StringPrototypeSlice, Uint8Array } = internals.prim;` at the head of a file. Take constructors
//   from here too, because a guest may replace the global names.
// - Prototype methods are uncurried: `StringPrototypeSlice(text, 1)`. Accessors are
//   `MapPrototypeGetSize(map)`. Static functions are `ObjectDefineProperty`, `JSONStringify`, `MathMin`.
//   Well-known symbols are `SymbolIterator` and so on.
// - Containers: `new Map()` / `new Set()` / `new WeakMap()` of prim, always without an argument (an
//   argument would run the iterator protocol), with `MapPrototypeGet(map, key)` and so on.
// - Methods that consult `constructor[Symbol.species]` or call other methods of their receiver are left out
//   on purpose (Array slice/splice/map/filter/concat, TypedArray subarray/slice, RegExp test, String
//   replace/match/split with a regular expression). Instead: index loops, the methods of List,
//   `new Uint8Array(buffer, byteOffset, length)`, `RegExpPrototypeExec`, `StringPrototypeSplit` and
//   `StringPrototypeReplaceAll` with strings.
// - Arrays are for literals, rest parameters, and what a guest gets. Whatever grows is `new List()`: adding to an
//   array can run a setter that the guest put on Array.prototype or Object.prototype. `list.push(item)`,
//   `list[i]`, `list.length`; `list.handOut()` makes it an array for a guest.
// - Property descriptors and option objects are `{ __proto__: null, ... }`, since the language reads them
//   through the prototype. `defineValue(target, key, value, enumerable)` is the common case;
//   `ownDescriptor(object, key)` reads one safely.
// - `PromisePrototypeThen` and `PromiseResolve` are hardened against a replaced `Promise.prototype.constructor`
//   and `Promise[Symbol.species]`. `promiseMarkHandled(promise)`,
//   `promiseAll(arrayOfPromises)`, and `newPromise()` (a null-prototype `{ promise, resolve, reject }`)
//   go with them. `await` is fine on promises that the platform made.

const FunctionPrototypeCall = Function.prototype.call;
const FunctionPrototypeBind = Function.prototype.bind;
const ReflectApply = Reflect.apply;
const ReflectGetOwnPropertyDescriptor = Reflect.getOwnPropertyDescriptor;
const ReflectDefineProperty = Reflect.defineProperty;
const ReflectDeleteProperty = Reflect.deleteProperty;
const ReflectGetPrototypeOf = Reflect.getPrototypeOf;
const ReflectSetPrototypeOf = Reflect.setPrototypeOf;

// f.call with `f` fixed: the receiver becomes the first argument.
const uncurryThis = (f) => ReflectApply(FunctionPrototypeBind, FunctionPrototypeCall, [f]);

// What is looked up in prim is found in either. Each is a hash table of V8's, whose size is a power of two, and every
// context has a copy: one table of all would be twice as large as the two.
const classes = { __proto__: null };
const prim = { __proto__: classes };
internals.prim = prim;
// The global object. A guest may assign to the name globalThis.
internals.global = globalThis;
// Changes when a context is reused for another request: host handles of an older epoch are gone.
internals.requestEpoch = { __proto__: null, value: 0 };

const capitalised = (name) => name[0].toUpperCase() + name.slice(1);

const captureStatics = (prefix, object, names) => {
  for (const name of names.split(" ")) {
    const value = object[name];
    prim[prefix + capitalised(name)] = value;
  }
};

const captureMethods = (prefix, prototype, names) => {
  for (const name of names.split(" ")) {
    prim[`${prefix}Prototype${capitalised(name)}`] = uncurryThis(prototype[name]);
  }
};

const captureGetters = (prefix, prototype, names) => {
  for (const name of names.split(" ")) {
    const descriptor = ReflectGetOwnPropertyDescriptor(prototype, name);
    prim[`${prefix}PrototypeGet${capitalised(name)}`] = uncurryThis(descriptor.get);
  }
};

const TypedArray = ReflectGetPrototypeOf(Uint8Array);
const IteratorPrototype = ReflectGetPrototypeOf(ReflectGetPrototypeOf([][Symbol.iterator]()));
const AsyncFunctionPrototype = ReflectGetPrototypeOf(async () => {});
const GeneratorFunctionPrototype = ReflectGetPrototypeOf(function* () {});
const AsyncGeneratorFunctionPrototype = ReflectGetPrototypeOf(async function* () {});
const AsyncIteratorPrototype = ReflectGetPrototypeOf(AsyncGeneratorFunctionPrototype.prototype);

for (const constructor of [
  ArrayBuffer, BigInt, BigInt64Array, BigUint64Array, DataView, Date, Error, EvalError, Float32Array,
  Float64Array, Int8Array, Int16Array, Int32Array, Map, Number, Object, Promise, Proxy, RangeError,
  ReferenceError, RegExp, Set, String, Symbol, SyntaxError, TypeError, URIError, Uint8Array, Uint8ClampedArray,
  Uint16Array, Uint32Array, WeakMap, WeakRef, WeakSet,
]) {
  classes[constructor.name] = constructor;
}
classes.Float16Array = globalThis.Float16Array;
classes.IteratorPrototype = IteratorPrototype;
classes.AsyncIteratorPrototype = AsyncIteratorPrototype;
classes.AsyncFunctionPrototype = AsyncFunctionPrototype;
classes.GeneratorFunctionPrototype = GeneratorFunctionPrototype;
classes.AsyncGeneratorFunctionPrototype = AsyncGeneratorFunctionPrototype;
for (const constructor of [Error, Function, Object, Promise, RegExp]) {
  classes[`${constructor.name}Prototype`] = constructor.prototype;
}

captureStatics("Object", Object,
  "assign create defineProperty freeze hasOwn is keys setPrototypeOf");
captureStatics("Reflect", Reflect,
  "apply construct defineProperty deleteProperty getOwnPropertyDescriptor getPrototypeOf ownKeys setPrototypeOf");
captureStatics("JSON", JSON, "parse stringify");
captureStatics("Math", Math, "ceil clz32 floor max min trunc");
captureStatics("Number", Number, "isFinite isNaN parseFloat parseInt");
captureStatics("String", String, "fromCharCode");
captureStatics("Array", Array, "isArray");
captureStatics("ArrayBuffer", ArrayBuffer, "isView");
captureStatics("BigInt", BigInt, "asIntN asUintN");
captureStatics("Date", Date, "now");
captureStatics("Symbol", Symbol, "asyncIterator iterator toStringTag");
captureStatics("Error", Error, "captureStackTrace isError");

captureMethods("Object", Object.prototype, "isPrototypeOf propertyIsEnumerable");
captureMethods("Function", Function.prototype, "toString bind");
captureMethods("Array", Array.prototype, "includes join sort");
captureMethods("String", String.prototype,
  "charCodeAt codePointAt endsWith includes indexOf lastIndexOf padEnd repeat replaceAll slice startsWith " +
  "toLowerCase toUpperCase toWellFormed trim trimEnd valueOf");
captureMethods("Number", Number.prototype, "toFixed toString valueOf");
captureMethods("Boolean", Boolean.prototype, "valueOf");
captureMethods("BigInt", BigInt.prototype, "toString valueOf");
captureMethods("Symbol", Symbol.prototype, "toString valueOf");
captureMethods("Date", Date.prototype, "getTime toISOString");
captureMethods("RegExp", RegExp.prototype, "exec");
captureMethods("Map", Map.prototype, "clear delete entries forEach get has set");
captureMethods("Set", Set.prototype, "add delete forEach has values");
captureMethods("WeakMap", WeakMap.prototype, "get has set");
captureMethods("WeakSet", WeakSet.prototype, "add delete has");
captureMethods("WeakRef", WeakRef.prototype, "deref");
captureMethods("ArrayBuffer", ArrayBuffer.prototype, "transfer transferToFixedLength resize");
captureMethods("TypedArray", TypedArray.prototype, "indexOf set");

captureGetters("Map", Map.prototype, "size");
captureGetters("Set", Set.prototype, "size");
captureGetters("ArrayBuffer", ArrayBuffer.prototype, "byteLength detached maxByteLength resizable");
captureGetters("TypedArray", TypedArray.prototype, "buffer byteLength byteOffset length");
captureGetters("DataView", DataView.prototype, "buffer byteLength byteOffset");
captureGetters("RegExp", RegExp.prototype,
  "dotAll global hasIndices ignoreCase multiline source sticky unicode unicodeSets");
prim.TypedArrayPrototypeGetSymbolToStringTag =
  uncurryThis(ReflectGetOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get);

const iteratorStep = (sample) => uncurryThis(ReflectGetPrototypeOf(sample).next);
prim.MapIteratorPrototypeNext = iteratorStep(new Map().entries());
prim.SetIteratorPrototypeNext = iteratorStep(new Set().values());

prim.eval = globalThis.eval;
prim.uncurryThis = uncurryThis;

// Defines a writable, configurable data property.
prim.defineValue = (target, key, value, enumerable = true) =>
  ReflectDefineProperty(target, key, { __proto__: null, value, writable: true, enumerable, configurable: true });

// The own property's descriptor without a prototype, so that a missing `get` or `value` is not looked up there.
prim.ownDescriptor = (object, key) => {
  const descriptor = ReflectGetOwnPropertyDescriptor(object, key);
  if (descriptor !== undefined) ReflectSetPrototypeOf(descriptor, null);
  return descriptor;
};

// A list of the platform's own: an array off the guest's prototypes, so that adding an item meets no setter of the
// guest's. As a class of its own it costs no more than an array. No guest may get hold of one: handOut() first.
class List extends Array {
  push(item) {
    this[this.length] = item;
  }

  pop() {
    const item = this[this.length - 1];
    this.length -= 1;
    return item;
  }

  removeAt(index) {
    const last = this.length - 1;
    for (let i = index; i < last; i++) this[i] = this[i + 1];
    this.length = last;
  }

  indexOf(item) {
    for (let i = 0; i < this.length; i++) {
      if (this[i] === item) return i;
    }
    return -1;
  }

  includes(item) {
    return this.indexOf(item) !== -1;
  }

  copy() {
    const copy = new List();
    for (let i = 0; i < this.length; i++) copy[i] = this[i];
    return copy;
  }

  // Sorts in place, and keeps the order of equal items.
  sort(compare) {
    prim.ArrayPrototypeSort(this, compare);
  }

  // The same object as an array for a guest. The platform must not add to it any more.
  handOut() {
    ReflectSetPrototypeOf(this, ArrayProto);
    return this;
  }
}
const ArrayProto = Array.prototype;
ReflectDeleteProperty(List.prototype, "constructor");
ReflectSetPrototypeOf(List.prototype, null);
prim.List = List;

// A list of an array's items.
prim.listOf = (array) => {
  const list = new List();
  for (let i = 0; i < array.length; i++) list[i] = array[i];
  return list;
};

// Promises. The language's own `then` and `resolve` read `constructor` (and its species) of the promise;
// with a replaced one they would call guest code. In that rare case the promise gets an own `constructor`
// for the length of the call.
const PromiseConstructor = Promise;
const PromiseProto = Promise.prototype;
const SymbolSpecies = Symbol.species;
const thenUnsafe = uncurryThis(PromiseProto.then);
const resolveUnsafe = Promise.resolve;
const rejectUnsafe = Promise.reject;

// Once they are found to be replaced they are not asked again: a replacement may be a getter.
let promisesReplaced = false;
const promisesIntact = () => {
  if (promisesReplaced) return false;
  try {
    if (PromiseProto.constructor === PromiseConstructor && PromiseConstructor[SymbolSpecies] === PromiseConstructor) {
      return true;
    }
  } catch {
    // A getter of the guest's that throws.
  }
  promisesReplaced = true;
  return false;
};

prim.PromisePrototypeThen = (promise, onFulfilled, onRejected) => {
  if (promisesIntact()) return thenUnsafe(promise, onFulfilled, onRejected);
  const own = ReflectGetOwnPropertyDescriptor(promise, "constructor");
  ReflectDefineProperty(promise, "constructor", { __proto__: null, value: undefined, configurable: true });
  try {
    return thenUnsafe(promise, onFulfilled, onRejected);
  } finally {
    ReflectDeleteProperty(promise, "constructor");
    if (own !== undefined) {
      ReflectSetPrototypeOf(own, null);
      ReflectDefineProperty(promise, "constructor", own);
    }
  }
};

const isPromise = (value) => {
  try {
    // Reading a private slot is not possible from JavaScript: `then` with no handlers is the brand check
    // of the language. It is used only where the constructor was replaced.
    if (typeof value !== "object" || value === null) return false;
    prim.promiseMarkHandled(value);
    return true;
  } catch {
    return false;
  }
};

// A promise for any value: a promise of this realm is returned as it is.
prim.PromiseResolve = (value) => {
  if (promisesIntact()) return ReflectApply(resolveUnsafe, PromiseConstructor, [value]);
  if (isPromise(value)) return value;
  return new PromiseConstructor((resolve) => resolve(value));
};

prim.PromiseReject = (reason) => ReflectApply(rejectUnsafe, PromiseConstructor, [reason]);

const ignore = () => {};
// Keeps a rejection of this promise from being reported as unhandled.
prim.promiseMarkHandled = (promise) => {
  prim.PromisePrototypeThen(promise, undefined, ignore);
};

// { promise, resolve, reject } for a promise that the platform settles.
prim.newPromise = () => {
  const capability = { __proto__: null, promise: undefined, resolve: undefined, reject: undefined };
  capability.promise = new PromiseConstructor((resolve, reject) => {
    capability.resolve = resolve;
    capability.reject = reject;
  });
  return capability;
};

// Fulfils with undefined once all of `promises` (a list of promises) have, or rejects with the first rejection.
prim.promiseAll = (promises) => {
  const { promise, resolve, reject } = prim.newPromise();
  let pending = promises.length;
  if (pending === 0) resolve(undefined);
  for (let i = 0; i < promises.length; i++) {
    prim.PromisePrototypeThen(promises[i], () => {
      pending -= 1;
      if (pending === 0) resolve(undefined);
    }, reject);
  }
  return promise;
};
