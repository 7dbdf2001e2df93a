// What a guest may do to the prototypes of the language: `pollutions`, by how they do it. Each is a function that does it
// and gives a list of functions that undo it; `seen` tells what the platform did in spite of it.

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf } = Object;
const ownKeys = Reflect.ownKeys;
const symbolIterator = Symbol.iterator;
const failure = Error;

// Every way of pollution gives a function that takes it back.
let seen = "";

const redefine = (target, key, descriptor) => {
  const before = getOwnPropertyDescriptor(target, key);
  if (before !== undefined) setPrototypeOf(before, null);
  defineProperty(target, key, { __proto__: null, configurable: true, ...descriptor });
  return () => {
    if (before === undefined) delete target[key];
    else defineProperty(target, key, before);
  };
};

const spy = (target, key) => redefine(target, key, {
  __proto__: null,
  get() {
    seen += ` get ${String(key)}`;
    return undefined;
  },
  set(value) {
    seen += ` set ${String(key)}`;
    defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  },
});

const optionNames = [
  "address", "alg", "algorithm", "body", "bubbles", "cancelable", "capture", "composed", "configurable",
  "controller", "converter", "counter", "crv", "d", "data", "defaultValue", "depth", "detail", "done", "duplex",
  "endings", "entries", "enumerable", "exportKey", "ext", "extractable", "fatal", "get", "getKeyLength", "hash",
  "headers", "highWaterMark", "ignoreBOM", "initial", "iv", "k", "key", "key_ops", "kind", "kty", "label", "length",
  "maxByteLength", "method", "mode", "modulusLength", "name", "namedCurve", "once", "oth", "passive", "ports",
  "preventCancel", "promise", "public", "publicExponent", "pull", "reader", "reason", "required", "saltLength",
  "set", "shared", "signal", "size", "source", "start", "status", "stream", "tagLength", "toJSON", "transfer",
  "type", "unit", "usages", "use", "value", "wrapKey", "writable", "x", "y",
];

const pollutions = {
  "setters for indices"() {
    const undo = [];
    for (const prototype of [Object.prototype, Array.prototype]) {
      for (let i = 0; i < 50; i++) undo[undo.length] = spy(prototype, i);
    }
    return undo;
  },
  "accessors under the names of options"() {
    return optionNames.map((name) => spy(Object.prototype, name));
  },
  "a proxy behind Array.prototype"() {
    const trap = (name) => (target, key) => {
      seen += ` ${name} ${String(key)}`;
      return name === "get" ? target[key] : true;
    };
    const proxy = new Proxy(Object.prototype, { __proto__: null, get: trap("get"), has: trap("has"), set: trap("set") });
    setPrototypeOf(Array.prototype, proxy);
    return [() => setPrototypeOf(Array.prototype, Object.prototype)];
  },
  "methods that throw"() {
    // Complete before anything that makes it is replaced.
    const restore = [];
    const typed = getPrototypeOf(Uint8Array.prototype);
    const iterator = getPrototypeOf([][symbolIterator]());
    const targets = [
      Array, Array.prototype, ArrayBuffer, ArrayBuffer.prototype, Date, Error, Function.prototype, JSON, Map.prototype,
      Math, Number, Number.prototype, Object, Object.prototype, Promise, Promise.prototype, Reflect, RegExp.prototype,
      Set.prototype, String, String.prototype, Symbol.prototype, WeakMap.prototype, WeakRef.prototype,
      WeakSet.prototype, typed, typed.constructor, iterator,
    ];
    // The promises of an action's own `await` read these.
    const kept = ["constructor", "prototype", "__proto__"];
    for (const target of targets) {
      for (const key of ownKeys(target)) {
        const { value, configurable } = getOwnPropertyDescriptor(target, key);
        if (typeof value !== "function" || !configurable || kept.includes(key)) continue;
        restore.push([target, key, getOwnPropertyDescriptor(target, key), String(key)]);
      }
    }
    for (let i = 0; i < restore.length; i++) {
      const name = restore[i][3];
      const value = () => {
        seen += ` ${name}()`;
        throw new failure(`the platform called ${name}, which the guest has replaced`);
      };
      defineProperty(restore[i][0], restore[i][1], { __proto__: null, value, configurable: true, writable: true });
    }
    return [() => {
      for (let i = 0; i < restore.length; i++) {
        setPrototypeOf(restore[i][2], null);
        defineProperty(restore[i][0], restore[i][1], restore[i][2]);
      }
    }];
  },
};
