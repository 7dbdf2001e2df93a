// WebAssembly.compileStreaming and instantiateStreaming, as the WebAssembly Web API defines them. The body is read to its
// end and then compiled: what a guest sees is the same as if both went on at once.
//
// `internals.addWasmStreaming(WebAssembly)` adds them to the namespace, and uses the functions that it has by then.

const {
  PromisePrototypeThen, PromiseReject, PromiseResolve, ReflectApply, StringPrototypeToLowerCase, StringPrototypeTrim,
  TypeError, defineValue, newPromise,
} = internals.prim;
const { ifLoaded } = internals;

// What `next` promises, once `promise` is fulfilled.
const chain = (promise, next) => {
  const result = newPromise();
  PromisePrototypeThen(promise, (value) => {
    try {
      PromisePrototypeThen(next(value), result.resolve, result.reject);
    } catch (error) {
      result.reject(error);
    }
  }, result.reject);
  return result.promise;
};

const isWasm = (core) => {
  const type = core.list.get("content-type");
  // No parameters are allowed, not even an empty one.
  return type !== null && type !== undefined &&
    StringPrototypeToLowerCase(StringPrototypeTrim(type)) === "application/wasm";
};

// The promise of { bytes }, those of a response or of a promise of one.
const bytesOf = (source, prefix) => chain(PromiseResolve(source), (response) => {
  const responses = ifLoaded("responses");
  if (responses === undefined || !responses.isResponse(response)) {
    throw new TypeError(`${prefix}: Argument 1 is not a Response, nor a promise of one`);
  }
  const core = responses.coreOf(response);
  if (!isWasm(core)) throw new TypeError(`${prefix}: the response's Content-Type is not application/wasm`);
  if (core.status < 200 || core.status > 299) {
    throw new TypeError(`${prefix}: the response's status is ${core.status}, expected one from 200 to 299`);
  }
  return internals.bodyReading.readRecord(responses.coreOf, response, prefix);
});

internals.addWasmStreaming = (WebAssembly) => {
  const { compile, instantiate } = WebAssembly;
  const functions = {
    compileStreaming(source) {
      if (arguments.length === 0) return PromiseReject(new TypeError("WebAssembly.compileStreaming(): 1 argument required"));
      const options = arguments[1];
      return chain(bytesOf(source, "WebAssembly.compileStreaming()"),
        (read) => ReflectApply(compile, WebAssembly, [read.bytes, options]));
    },
    instantiateStreaming(source) {
      if (arguments.length === 0) {
        return PromiseReject(new TypeError("WebAssembly.instantiateStreaming(): 1 argument required"));
      }
      const imports = arguments[1];
      const options = arguments[2];
      return chain(bytesOf(source, "WebAssembly.instantiateStreaming()"),
        (read) => ReflectApply(instantiate, WebAssembly, [read.bytes, imports, options]));
    },
  };
  defineValue(WebAssembly, "compileStreaming", functions.compileStreaming);
  defineValue(WebAssembly, "instantiateStreaming", functions.instantiateStreaming);
};
