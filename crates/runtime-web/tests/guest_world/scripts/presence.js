// That the guest finds all of ECMA-429 (the Minimum Common Web API), each thing in the shape that Web IDL gives it. What it
// does is checked elsewhere, and what is beyond ECMA-429 is not on this list.

// An interface: the length of its constructor, or null if it has none for guests; what it inherits from; its attributes,
// with a "=" after those that can be set; its operations with their lengths, static ones after a "static".
const interfaces = {
  AbortController: [0, null, "signal", "abort 0"],
  AbortSignal: [null, "EventTarget", "aborted reason onabort=", "throwIfAborted 0 static abort 0 static timeout 1 static any 1"],
  Blob: [0, null, "size type", "slice 0 stream 0 text 0 arrayBuffer 0 bytes 0"],
  ByteLengthQueuingStrategy: [1, null, "highWaterMark size", ""],
  CompressionStream: [1, null, "readable writable", ""],
  CountQueuingStrategy: [1, null, "highWaterMark size", ""],
  Crypto: [null, null, "subtle", "getRandomValues 1 randomUUID 0"],
  CryptoKey: [null, null, "type extractable algorithm usages", ""],
  CustomEvent: [1, "Event", "detail", "initCustomEvent 1"],
  DecompressionStream: [1, null, "readable writable", ""],
  DOMException: [0, null, "name message code", ""],
  ErrorEvent: [1, "Event", "message filename lineno colno error", ""],
  Event: [1, null,
    "type target srcElement currentTarget eventPhase cancelBubble= bubbles cancelable returnValue= defaultPrevented composed timeStamp",
    "composedPath 0 stopPropagation 0 stopImmediatePropagation 0 preventDefault 0 initEvent 1"],
  EventTarget: [0, null, "", "addEventListener 2 removeEventListener 2 dispatchEvent 1"],
  File: [2, "Blob", "name lastModified", ""],
  FormData: [0, null, "", "append 2 delete 1 get 1 getAll 1 has 1 set 2 entries 0 keys 0 values 0 forEach 1"],
  Headers: [0, null, "", "append 2 delete 1 get 1 getSetCookie 0 has 1 set 2 entries 0 keys 0 values 0 forEach 1"],
  MessageChannel: [0, null, "port1 port2", ""],
  MessageEvent: [1, "Event", "data origin lastEventId source ports", "initMessageEvent 1"],
  MessagePort: [null, "EventTarget", "onmessage= onmessageerror=", "postMessage 1 start 0 close 0"],
  Performance: [null, "EventTarget", "timeOrigin", "now 0 toJSON 0"],
  PromiseRejectionEvent: [2, "Event", "promise reason", ""],
  ReadableByteStreamController: [null, null, "byobRequest desiredSize", "close 0 enqueue 1 error 0"],
  ReadableStream: [0, null, "locked", "cancel 0 getReader 0 pipeThrough 1 pipeTo 1 tee 0 values 0 static from 1"],
  ReadableStreamBYOBReader: [1, null, "closed", "read 1 releaseLock 0 cancel 0"],
  ReadableStreamBYOBRequest: [null, null, "view", "respond 1 respondWithNewView 1"],
  ReadableStreamDefaultController: [null, null, "desiredSize", "close 0 enqueue 0 error 0"],
  ReadableStreamDefaultReader: [1, null, "closed", "read 0 releaseLock 0 cancel 0"],
  Request: [1, null,
    "method url headers destination referrer referrerPolicy mode credentials cache redirect integrity keepalive signal duplex body bodyUsed",
    "clone 0 arrayBuffer 0 blob 0 bytes 0 formData 0 json 0 text 0"],
  Response: [0, null, "type url redirected status ok statusText headers body bodyUsed",
    "clone 0 arrayBuffer 0 blob 0 bytes 0 formData 0 json 0 text 0 static error 0 static redirect 1 static json 1"],
  SubtleCrypto: [null, null, "",
    "encrypt 3 decrypt 3 sign 3 verify 4 digest 2 generateKey 3 deriveKey 5 deriveBits 2 importKey 5 exportKey 2 wrapKey 4 " +
      "unwrapKey 7"],
  TextDecoder: [0, null, "encoding fatal ignoreBOM", "decode 0"],
  TextDecoderStream: [0, null, "encoding fatal ignoreBOM readable writable", ""],
  TextEncoder: [0, null, "encoding", "encode 0 encodeInto 2"],
  TextEncoderStream: [0, null, "encoding readable writable", ""],
  TransformStream: [0, null, "readable writable", ""],
  TransformStreamDefaultController: [null, null, "desiredSize", "enqueue 0 error 0 terminate 0"],
  URL: [1, null,
    "href= origin protocol= username= password= host= hostname= port= pathname= search= searchParams hash=",
    "toJSON 0 toString 0 static parse 1 static canParse 1"],
  URLPattern: [0, null, "protocol username password hostname port pathname search hash hasRegExpGroups", "test 0 exec 0"],
  URLSearchParams: [0, null, "size",
    "append 2 delete 1 get 1 getAll 1 has 1 set 2 sort 0 toString 0 entries 0 keys 0 values 0 forEach 1"],
  WritableStream: [0, null, "locked", "abort 0 close 0 getWriter 0"],
  WritableStreamDefaultController: [null, null, "signal", "error 0"],
  WritableStreamDefaultWriter: [1, null, "closed desiredSize ready", "abort 0 close 0 releaseLock 0 write 0"],
};

const operations = {
  atob: 1, btoa: 1, clearInterval: 0, clearTimeout: 0, fetch: 1, queueMicrotask: 1, reportError: 1, setInterval: 1,
  setTimeout: 1, structuredClone: 1,
};

const words = (text) => text.split(" ").filter(Boolean);
const descriptor = (object, key) => Object.getOwnPropertyDescriptor(object, key);
const flags = ({ writable, enumerable, configurable }) => [writable, enumerable, configurable];

// Of promises and the like a getter gives a rejection.
const refuses = (call, what) => {
  let result;
  try {
    result = call();
  } catch (error) {
    equal(error.name, "TypeError", what);
    return;
  }
  equal(result instanceof Promise, true, `${what} accepts any receiver, and gives ${show(result)}`);
  return rejects("TypeError", result, what);
};

const checkAttribute = (name, prototype, attribute) => {
  const isWritable = attribute.endsWith("=");
  const key = attribute.replace("=", "");
  const what = `${name}.${key}`;
  const found = descriptor(prototype, key);
  equal(typeof found?.get, "function", what);
  equal([typeof found.set, found.enumerable, found.configurable], [isWritable ? "function" : "undefined", true, true], what);
  equal([found.get.name, found.get.length], [`get ${key}`, 0], what);
  equal(descriptor(found.get, "prototype"), undefined, what);
  return refuses(() => found.get.call({}), what);
};

const checkOperation = (name, owner, key, length) => {
  const what = `${name}.${key}()`;
  const found = descriptor(owner, key);
  equal(typeof found?.value, "function", what);
  equal(flags(found), [true, true, true], what);
  equal([found.value.name, found.value.length], [key, length], what);
  throws("TypeError", () => new found.value(), what);
};

// Iterators' methods are those of a name in the language, and so have it.
const checkInterface = async (name, [length, parent, attributes, methods]) => {
  const found = descriptor(globalThis, name);
  equal(typeof found?.value, "function", name);
  equal(flags(found), [true, false, true], name);
  const constructor = found.value;
  const { prototype } = constructor;
  equal([constructor.name, constructor.length], [name, length ?? 0], name);
  equal(flags(descriptor(constructor, "prototype")), [false, false, false], name);
  equal(flags(descriptor(prototype, "constructor")), [true, false, true], name);
  const tag = descriptor(prototype, Symbol.toStringTag);
  equal([tag?.value, ...flags(tag)], [name, false, false, true], name);
  throws("TypeError", () => constructor(), `${name} without new`);
  if (length === null) throws("TypeError", () => new constructor(), `new ${name}`);
  else if (length > 0) throws("TypeError", () => new constructor(), `new ${name} without arguments`);
  if (parent !== null) {
    equal(Object.getPrototypeOf(constructor) === globalThis[parent], true, `${name} inherits from ${parent}`);
    equal(Object.getPrototypeOf(prototype) === globalThis[parent].prototype, true, `${name} inherits from ${parent}`);
  }
  for (const attribute of words(attributes)) await checkAttribute(name, prototype, attribute);
  const list = words(methods);
  for (let i = 0; i < list.length; i += 2) {
    const isStatic = list[i] === "static";
    if (isStatic) i += 1;
    checkOperation(name, isStatic ? constructor : prototype, list[i], Number(list[i + 1]));
  }
};

const checks = {
  "operations of the global are functions that can be replaced"() {
    for (const [name, length] of Object.entries(operations)) checkOperation("globalThis", globalThis, name, length);
  },
  "attributes of the global are there"() {
    const scope = WorkerGlobalScope.prototype;
    for (const name of ["self", "crypto", "navigator", "performance"]) {
      const found = descriptor(scope, name);
      equal([typeof found.get, found.enumerable, found.configurable], ["function", true, true], name);
    }
    for (const name of ["onerror", "onunhandledrejection", "onrejectionhandled"]) {
      const found = descriptor(scope, name);
      equal([typeof found.get, typeof found.set, found.enumerable, found.configurable],
        ["function", "function", true, true], name);
      equal(globalThis[name], null, name);
    }
    for (const name of ["self", "performance", "onerror"]) {
      const { get, set } = descriptor(scope, name);
      for (const receiver of [undefined, null, globalThis]) equal(get.call(receiver) === globalThis[name], true, name);
      throws("TypeError", () => get.call(Object.create(globalThis)), name);
      throws("TypeError", () => set.call(Object.create(globalThis), 1), name);
      throws("TypeError", () => new Proxy(globalThis, {})[name], name);
    }
    equal(flags(descriptor(globalThis, "globalThis")), [true, false, true]);
    equal(flags(descriptor(globalThis, "console")), [true, false, true]);
    equal([self === globalThis, typeof navigator.userAgent, navigator.userAgent !== ""], [true, "string", true]);
    equal([crypto instanceof Crypto, crypto.subtle instanceof SubtleCrypto, performance instanceof Performance],
      [true, true, true]);
  },
  "a handler of errors has one argument for an event that is no ErrorEvent"() {
    const seen = [];
    onerror = (...args) => { seen.push(args.length); return true; };
    const plain = new Event("error", { cancelable: true });
    equal([dispatchEvent(plain), plain.defaultPrevented], [true, false]);
    const full = new ErrorEvent("error", { cancelable: true });
    equal([dispatchEvent(full), full.defaultPrevented], [false, true]);
    equal(seen, [1, 5]);
    onerror = null;
  },
  "what is reported has a place, whether it is an error or not, and none of its getters runs"() {
    let seen;
    const listen = (event) => {
      seen = [event.message, event.filename !== "", event.lineno > 0, event.colno > 0];
      event.preventDefault();
    };
    addEventListener("error", listen);
    reportError(new TypeError("a"));
    equal(seen, ["Uncaught TypeError: a", true, true, true]);
    reportError(1);
    equal(seen, ["Uncaught 1", true, true, true]);
    reportError(undefined);
    equal(seen, ["Uncaught undefined", true, true, true]);
    let isRead = false;
    const read = () => { isRead = true; };
    reportError(Object.defineProperties({}, { name: { get: read }, message: { get: read }, stack: { get: read } }));
    equal([seen[0], isRead], ["Uncaught [object Object]", false]);
    removeEventListener("error", listen);
  },
  async "the global is an EventTarget that fires its events"() {
    equal([globalThis instanceof EventTarget, globalThis.addEventListener === EventTarget.prototype.addEventListener],
      [true, true]);
    const seen = [];
    onerror = (message) => { seen.push(`onerror ${typeof message}`); return true; };
    const listen = (event) => { seen.push(event.type); event.preventDefault(); };
    for (const type of ["error", "unhandledrejection", "rejectionhandled"]) addEventListener(type, listen);
    reportError(new Error("reported"));
    const rejected = Promise.reject(new Error("rejected"));
    await new Promise((resolve) => setTimeout(resolve, 1));
    rejected.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1));
    equal(seen, ["onerror string", "error", "unhandledrejection", "rejectionhandled"]);
    onerror = null;
    for (const type of ["error", "unhandledrejection", "rejectionhandled"]) removeEventListener(type, listen);
  },
  "the console is a namespace"() {
    const found = "assert clear count countReset debug dir dirxml error group groupCollapsed groupEnd info log table time " +
      "timeEnd timeLog trace warn";
    for (const name of words(found)) {
      const own = descriptor(console, name);
      equal([typeof own?.value, ...flags(own), own.value.length], ["function", true, true, true, 0], name);
    }
    equal(String(console), "[object console]");
    equal(Object.getOwnPropertyNames(Object.getPrototypeOf(console)), []);
    equal(Object.getPrototypeOf(Object.getPrototypeOf(console)) === Object.prototype, true);
  },
  "WebAssembly is a namespace"() {
    equal(flags(descriptor(globalThis, "WebAssembly")), [true, false, true]);
    equal(String(WebAssembly), "[object WebAssembly]");
    const classes = "Module Instance Memory Table Global Tag Exception CompileError LinkError RuntimeError";
    for (const name of words(classes)) {
      const found = descriptor(WebAssembly, name);
      equal([typeof found?.value, ...flags(found)], ["function", true, false, true], name);
      equal(found.value.name, name);
    }
    for (const name of words("compile compileStreaming instantiate instantiateStreaming validate")) {
      checkOperation("WebAssembly", WebAssembly, name, 1);
    }
    equal(WebAssembly.JSTag instanceof WebAssembly.Tag, true);
  },
  "errors of DOM are errors of the language, with their codes"() {
    equal(Object.getPrototypeOf(DOMException.prototype) === Error.prototype, true);
    equal([DOMException.INDEX_SIZE_ERR, DOMException.prototype.DATA_CLONE_ERR, new DOMException("", "AbortError").code],
      [1, 25, 20]);
    equal(flags(descriptor(DOMException, "SYNTAX_ERR")), [false, true, false]);
    equal([Event.NONE, Event.prototype.BUBBLING_PHASE], [0, 3]);
  },
};

for (const [name, shape] of Object.entries(interfaces)) {
  checks[`the interface ${name} has its shape`] = () => checkInterface(name, shape);
}
