// Checks of what functions are as text: those of the platform, of the language, and of the guest.

const native = (name) => `function ${name}() { [native code] }`;
const getter = (object, name) => Object.getOwnPropertyDescriptor(object, name).get;
const { toString } = Function.prototype;
// As another file of the guest's would be compiled, there is no code from text here.
class Own extends Blob {
  static  spaced( ) {}
  get text() { return 1; }
}
function plain(a,  b) { return a + b; }

const checks = {
  "a function of the platform does not show its source"() {
    for (const [found, name] of [
      [fetch, "fetch"], [setTimeout, "setTimeout"], [structuredClone, "structuredClone"], [console.log, "log"],
      [Blob, "Blob"], [Headers, "Headers"], [ReadableStream, "ReadableStream"], [DOMException, "DOMException"],
      [ArrayBuffer, "ArrayBuffer"], [SharedArrayBuffer, "SharedArrayBuffer"], [WebAssembly.Memory, "Memory"],
      [WebAssembly.instantiate, "instantiate"], [crypto.subtle.digest, "digest"], [crypto.randomUUID, "randomUUID"],
      [Headers.prototype.get, "get"], [Response.json, "json"], [URL.canParse, "canParse"],
      [getter(Blob.prototype, "size"), "get size"], [getter(URL.prototype, "href"), "get href"],
      [Object.getOwnPropertyDescriptor(URL.prototype, "href").set, "set href"],
      [Headers.prototype[Symbol.iterator], "entries"], [ArrayBuffer.prototype.resize, "resize"],
      [toString, "toString"],
    ]) {
      equal([`${found}`, found.toString(), found + ""], [native(name), native(name), native(name)]);
      equal(toString.call(found), native(name));
    }
  },
  "nothing that a guest can reach shows the platform's source"() {
    const seen = new Set([globalThis]);
    let functions = 0;
    for (const value of seen) {
      if (typeof value === "function") {
        functions += 1;
        const text = toString.call(value);
        if (!text.endsWith("{ [native code] }")) throw new Error(text);
      }
      for (const key of Reflect.ownKeys(value)) {
        const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key);
        for (const next of [held, get, set]) {
          if (typeof next === "function" || (typeof next === "object" && next !== null)) seen.add(next);
        }
      }
      const proto = Object.getPrototypeOf(value);
      if (proto !== null) seen.add(proto);
    }
    equal(functions > 1000, true, functions);
  },
  "what the platform makes for a guest does not show its source either"() {
    const { promise, resolve } = Promise.withResolvers();
    const { readable } = new TransformStream();
    const iterator = new Headers({ a: "1" }).entries();
    equal([`${resolve}`, `${iterator.next}`], [native(""), native("next")]);
    equal([`${readable.getReader().read}`, promise instanceof Promise], [native("read"), true]);
  },
  "functions of the guest and of the language are what they were"() {
    equal(`${plain}`, "function plain(a,  b) { return a + b; }");
    equal(`${Own}`.startsWith("class Own extends Blob {\n  static  spaced( ) {}"), true);
    equal(`${Own.spaced}`, "spaced( ) {}");
    equal(`${getter(Own.prototype, "text")}`, "get text() { return 1; }");
    equal(`${(x) =>  x}`, "(x) =>  x");
    equal(`${async () => {}}`, "async () => {}");
    equal(`${function* () { yield; }}`, "function* () { yield; }");
    equal([`${Math.max}`, `${Map}`, `${getter(Map.prototype, "size")}`],
      [native("max"), native("Map"), native("get size")]);
    for (const callable of [plain, fetch, Blob, Map]) {
      equal(`${Function.prototype.bind.call(callable)}`, native(""));
      equal(toString.call(new Proxy(callable, {})), native(""));
    }
    equal(toString.call(Proxy.revocable(fetch, {}).proxy), native(""));
    // A proxy is not asked for anything.
    equal(toString.call(new Proxy(fetch, new Proxy({}, { get() { throw new Error("a trap was looked for"); } }))), native(""));
  },
  "what is no function is refused as the language refuses it"() {
    for (const value of [undefined, null, 1, "fetch", {}, [], Object.create(fetch), Symbol.iterator]) {
      const error = throws("TypeError", () => toString.call(value));
      equal(error.message, "Function.prototype.toString requires that 'this' be a Function");
    }
    throws("TypeError", () => `${Object.create(fetch)}`);
  },
  "the method itself has the language's shape"() {
    const { value, ...attributes } = Object.getOwnPropertyDescriptor(Function.prototype, "toString");
    equal(attributes, { writable: true, enumerable: false, configurable: true });
    equal([value.name, value.length, "prototype" in value], ["toString", 0, false]);
    equal(Reflect.ownKeys(value).join(), "length,name");
    equal(Object.getOwnPropertyDescriptor(value, "name"), { value: "toString", writable: false, enumerable: false, configurable: true });
    throws("TypeError", () => new value());
  },
  "a guest cannot get at more by what it replaces"() {
    Object.defineProperty(fetch, "name", { get() { throw new Error("the name was asked for"); } });
    equal(`${fetch}`, native(""));
    delete fetch.name;
    Object.defineProperty(Function.prototype, "name", { get() { throw new Error("the name was asked for"); } });
    equal(`${fetch}`, native(""));
    delete Function.prototype.name;
    delete Function.prototype.toString;
    equal(`${fetch}`, "[object Function]");
  },
};
