// Checks of the platform's parts that are made when a guest first uses them: with whatever the guest has done before that,
// it finds what it would have found otherwise. `how` is the pollution that is there at the first use, or "nothing".

const names = Object.getOwnPropertyNames(globalThis);

const language = [
  "Array", "ArrayBuffer", "BigInt", "Boolean", "DataView", "Date", "Error", "Function", "Int8Array", "JSON", "Map",
  "Math", "Number", "Object", "Promise", "Proxy", "RangeError", "Reflect", "RegExp", "Set", "String", "Symbol",
  "SyntaxError", "TypeError", "Uint8Array", "WeakMap", "WeakRef", "WeakSet", "decodeURIComponent", "eval",
  "encodeURIComponent", "globalThis", "isNaN", "parseInt", "undefined",
];

// What a guest does that is not on any prototype.
const deeds = {
  ...pollutions,
  nothing: () => [],
  "no globals of the language"() {
    const undo = [];
    const object = globalThis;
    for (const name of language) {
      const descriptor = getOwnPropertyDescriptor(object, name);
      if (!descriptor.configurable) continue;
      undo.push(() => defineProperty(object, name, descriptor));
      delete object[name];
    }
    return undo;
  },
};

const checks = {
  async [`every global is there at its first use, with ${how}`]() {
    const scope = globalThis;
    const found = [];
    const thrown = [];
    const undo = deeds[how]();
    seen = "";
    for (let i = 0; i < names.length; i++) {
      try {
        const value = scope[names[i]];
        defineProperty(found, i, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      } catch (error) {
        defineProperty(thrown, thrown.length, { __proto__: null, value: `${names[i]}: ${error.message}` });
      }
    }
    const tell = seen;
    for (let i = undo.length - 1; i >= 0; i--) undo[i]();
    equal([tell, thrown], ["", []]);
    for (let i = 0; i < names.length; i++) {
      if (found[i] === undefined && !language.includes(names[i])) throw new Error(`${names[i]} is undefined`);
    }
    // And it works.
    const response = new Response(new Blob(["a", "b"]).stream().pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextEncoderStream()));
    equal(await response.text(), "ab");
    equal(structuredClone(new URL("http://h/p").href), "http://h/p");
  },

  "a global that was never used is a property like any other"() {
    const blob = Object.getOwnPropertyDescriptor(globalThis, "MessageChannel");
    equal([typeof blob.value, blob.writable, blob.enumerable, blob.configurable], ["function", true, false, true]);
    const fetch = Object.getOwnPropertyDescriptor(globalThis, "setInterval");
    equal([typeof fetch.value, fetch.writable, fetch.enumerable, fetch.configurable], ["function", true, true, true]);
    equal(globalThis.MessageChannel === blob.value, true);
  },
};
