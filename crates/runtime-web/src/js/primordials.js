// Captured intrinsics: everything that platform code needs of the language, taken while the snapshot is
// built, before any guest code exists. A guest may replace every method that it can reach; what is held
// here stays as it was. This is not a standard library: it adds nothing to what the language has, and
// nothing of it is reachable by a guest. What of the language is not safe even so is made anew in hardened.js.
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
// - Internal classes are taken off the guest's prototypes: `isolate(constructor)` after the class.

const ReflectGetOwnPropertyDescriptor = Reflect.getOwnPropertyDescriptor;
const ReflectGetPrototypeOf = Reflect.getPrototypeOf;

// f.call with `f` fixed: the receiver becomes the first argument.
const uncurryThis = Function.prototype.bind.bind(Function.prototype.call);

internals.prim = new Array(Object.keys(internals.places).length);
// The global object. A guest may assign to the name globalThis.
internals.global = globalThis;
// Changes when a context is reused for another request: host handles of an older epoch are gone.
internals.requestEpoch = { value: 0 };

// Where files name primordials there are places of an array, which the build has put there: every context has a copy of
// it, and one with the names would be several times as large.
const provide = (name, value) => {
  const place = internals.places[name];
  if (place === undefined) throw new Error(`no file uses the primordial ${name}`);
  internals.prim[place] = value;
};

const capitalised = (name) => name[0].toUpperCase() + name.slice(1);

const captureStatics = (prefix, object, names) => {
  for (const name of names.split(" ")) provide(prefix + capitalised(name), object[name]);
};

const captureMethods = (prefix, prototype, names) => {
  for (const name of names.split(" ")) {
    provide(`${prefix}Prototype${capitalised(name)}`, uncurryThis(prototype[name]));
  }
};

const captureGetters = (prefix, prototype, names) => {
  for (const name of names.split(" ")) {
    const descriptor = ReflectGetOwnPropertyDescriptor(prototype, name);
    provide(`${prefix}PrototypeGet${capitalised(name)}`, uncurryThis(descriptor.get));
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
  provide(constructor.name, constructor);
}
provide("Float16Array", globalThis.Float16Array);
provide("IteratorPrototype", IteratorPrototype);
provide("AsyncIteratorPrototype", AsyncIteratorPrototype);
provide("AsyncFunctionPrototype", AsyncFunctionPrototype);
provide("GeneratorFunctionPrototype", GeneratorFunctionPrototype);
provide("AsyncGeneratorFunctionPrototype", AsyncGeneratorFunctionPrototype);
for (const constructor of [Error, Function, Object, Promise, RegExp]) {
  provide(`${constructor.name}Prototype`, constructor.prototype);
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
provide("TypedArrayPrototypeGetSymbolToStringTag",
  uncurryThis(ReflectGetOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get));

const iteratorStep = (sample) => uncurryThis(ReflectGetPrototypeOf(sample).next);
provide("MapIteratorPrototypeNext", iteratorStep(new Map().entries()));
provide("SetIteratorPrototypeNext", iteratorStep(new Set().values()));

provide("eval", globalThis.eval);
provide("uncurryThis", uncurryThis);

