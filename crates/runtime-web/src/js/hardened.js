// What of the language the platform cannot use as it is, even captured, because it looks at what a guest can change: lists,
// promises, property descriptors. How it is used stands in primordials.js, with whose primordials these are.

const {
  ArrayPrototypeSort, ObjectCreate, Promise, PromisePrototype, ReflectApply, ReflectDefineProperty,
  ReflectDeleteProperty, ReflectGetOwnPropertyDescriptor, ReflectSetPrototypeOf,
} = internals.prim;

// V8 keeps a prototype as a hash table until a property is first looked up behind it, and then makes it anew. Done while the
// snapshot is made, no request has to. A chain of prototypes that a guest can reach must not be looked up later.
const putToUse = (prototype) => ObjectCreate(prototype).anything;

// Takes an internal class off Object.prototype, so that a setter which the guest puts there is not met when a
// constructor fills its fields.
const isolate = (constructor) => {
  ReflectSetPrototypeOf(constructor.prototype, null);
  putToUse(constructor.prototype);
  return constructor;
};

// Defines a writable, configurable data property.
const defineValue = (target, key, value, enumerable = true) =>
  ReflectDefineProperty(target, key, { __proto__: null, value, writable: true, enumerable, configurable: true });

// The own property's descriptor without a prototype, so that a missing `get` or `value` is not looked up there.
const ownDescriptor = (object, key) => {
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
    ArrayPrototypeSort(this, compare);
  }

  // The same object as an array for a guest. The platform must not add to it any more.
  handOut() {
    ReflectSetPrototypeOf(this, ArrayProto);
    return this;
  }
}
const ArrayProto = Array.prototype;
ReflectDeleteProperty(List.prototype, "constructor");
isolate(List);

// A list of an array's items.
const listOf = (array) => {
  const list = new List();
  for (let i = 0; i < array.length; i++) list[i] = array[i];
  return list;
};

// Promises. The language's own `then` and `resolve` read `constructor` (and its species) of the promise;
// with a replaced one they would call guest code. In that rare case the promise gets an own `constructor`
// for the length of the call.
const SymbolSpecies = Symbol.species;
const thenUnsafe = internals.prim.uncurryThis(PromisePrototype.then);
const resolveUnsafe = Promise.resolve;
const rejectUnsafe = Promise.reject;

// Once they are found to be replaced they are not asked again: a replacement may be a getter.
let promisesReplaced = false;
const promisesIntact = () => {
  if (promisesReplaced) return false;
  try {
    if (PromisePrototype.constructor === Promise && Promise[SymbolSpecies] === Promise) {
      return true;
    }
  } catch {
    // A getter of the guest's that throws.
  }
  promisesReplaced = true;
  return false;
};

const PromisePrototypeThen = (promise, onFulfilled, onRejected) => {
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
    promiseMarkHandled(value);
    return true;
  } catch {
    return false;
  }
};

// A promise for any value: a promise of this realm is returned as it is.
const PromiseResolve = (value) => {
  if (promisesIntact()) return ReflectApply(resolveUnsafe, Promise, [value]);
  if (isPromise(value)) return value;
  return new Promise((resolve) => resolve(value));
};

const PromiseReject = (reason) => ReflectApply(rejectUnsafe, Promise, [reason]);

const ignore = () => {};
// Keeps a rejection of this promise from being reported as unhandled.
const promiseMarkHandled = (promise) => {
  PromisePrototypeThen(promise, undefined, ignore);
};

// { promise, resolve, reject } for a promise that the platform settles.
const newPromise = () => {
  const capability = { __proto__: null, promise: undefined, resolve: undefined, reject: undefined };
  capability.promise = new Promise((resolve, reject) => {
    capability.resolve = resolve;
    capability.reject = reject;
  });
  return capability;
};

// Fulfils with undefined once all of `promises` (a list of promises) have, or rejects with the first rejection.
const promiseAll = (promises) => {
  const { promise, resolve, reject } = newPromise();
  let pending = promises.length;
  if (pending === 0) resolve(undefined);
  for (let i = 0; i < promises.length; i++) {
    PromisePrototypeThen(promises[i], () => {
      pending -= 1;
      if (pending === 0) resolve(undefined);
    }, reject);
  }
  return promise;
};

internals.prim.List = List;
internals.prim.PromisePrototypeThen = PromisePrototypeThen;
internals.prim.PromiseReject = PromiseReject;
internals.prim.PromiseResolve = PromiseResolve;
internals.prim.defineValue = defineValue;
internals.prim.isolate = isolate;
internals.prim.listOf = listOf;
internals.prim.newPromise = newPromise;
internals.prim.ownDescriptor = ownDescriptor;
internals.prim.promiseAll = promiseAll;
internals.prim.promiseMarkHandled = promiseMarkHandled;
internals.prim.putToUse = putToUse;

// Every file finds what it asks for, or there is no snapshot. Some may be undefined, where V8 does not have them yet.
for (const name in internals.places) {
  if (!(internals.places[name] in internals.prim)) throw new Error(`there is no primordial ${name}`);
}
delete internals.places;
