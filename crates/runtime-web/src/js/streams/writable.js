// The public faces of writable streams: WritableStream, WritableStreamDefaultWriter and
// WritableStreamDefaultController. The algorithms are in writable_core.js.

const { PromiseReject, RangeError, ReflectApply, TypeError, isolate } = internals.prim;
const { streams, webidl } = internals;
const { Deferred, WritableCore, acquireWriter, bound, callForPromise, handOut, highWaterMarkOf, queuingStrategy,
  sizeAlgorithmOf } = streams;
const { callback, checkIllegal, converters, dictionary, illegal, isObject, requiredArguments } = webidl;

const underlyingSink = dictionary("UnderlyingSink", [
  { __proto__: null, key: "abort", converter: callback("UnderlyingSinkAbortCallback") },
  { __proto__: null, key: "close", converter: callback("UnderlyingSinkCloseCallback") },
  { __proto__: null, key: "start", converter: callback("UnderlyingSinkStartCallback") },
  { __proto__: null, key: "type", converter: converters.any },
  { __proto__: null, key: "write", converter: callback("UnderlyingSinkWriteCallback") },
]);

// The underlying sink that a guest gave to the constructor.
class GuestSink {
  constructor(object, methods) {
    this.object = object;
    this.onStart = methods.start;
    this.onWrite = bound(methods.write);
    this.onClose = bound(methods.close);
    this.onAbort = bound(methods.abort);
  }

  start(controller) {
    if (this.onStart === undefined) return undefined;
    return ReflectApply(this.onStart, this.object, [controller.object()]);
  }

  write(chunk, controller) {
    if (this.onWrite === undefined) return undefined;
    return ReflectApply(this.onWrite, this.object, [chunk, controller.object()]);
  }

  close() {
    if (this.onClose === undefined) return undefined;
    return callForPromise(this.onClose, this.object, []);
  }

  abort(reason) {
    if (this.onAbort === undefined) return undefined;
    return callForPromise(this.onAbort, this.object, [reason]);
  }
}
isolate(GuestSink);

class WritableStreamDefaultController {
  #core;

  constructor(key = undefined, core = undefined) {
    checkIllegal(key);
    this.#core = core;
  }

  static {
    streams.writableControllerFacade = (core) => new WritableStreamDefaultController(illegal, core);
  }

  get signal() {
    return this.#core.abortSignal();
  }

  error(reason = undefined) {
    this.#core.errorIfWritable(reason);
  }
}
webidl.exposeInterface(WritableStreamDefaultController);

class WritableStream {
  #core;

  constructor(sink = undefined, strategy = undefined) {
    if (sink === illegal) {
      this.#core = strategy;
      strategy.facade = this;
      return;
    }
    const prefix = "Failed to construct 'WritableStream'";
    if (sink !== undefined) converters.object(sink, prefix, "Argument 1");
    const converted = queuingStrategy(strategy, prefix, "Argument 2");
    const methods = underlyingSink(sink, prefix, "Argument 1");
    if (methods.type !== undefined) throw new RangeError(`${prefix}: an underlying sink has no type yet`);
    const core = new WritableCore();
    this.#core = core;
    core.facade = this;
    const sizeOf = sizeAlgorithmOf(converted);
    const highWaterMark = highWaterMarkOf(converted, 1);
    streams.setUpWritableController(core, new GuestSink(sink, methods), highWaterMark, sizeOf);
  }

  static {
    streams.isWritableStream = (value) => isObject(value) && #core in value;
    streams.writableCoreOf = (value, prefix, context = "Argument 1") => {
      if (!streams.isWritableStream(value)) {
        throw new TypeError(`${prefix}: ${context} is not of type 'WritableStream'`);
      }
      return value.#core;
    };
  }

  get locked() {
    return this.#core.locked;
  }

  abort(reason = undefined) {
    if (!streams.isWritableStream(this)) return PromiseReject(new TypeError("Illegal invocation"));
    const core = this.#core;
    if (core.locked) {
      return PromiseReject(new TypeError("Failed to execute 'abort' on 'WritableStream': the stream is locked: " +
        "abort its writer"));
    }
    return handOut(core.abort(reason));
  }

  close() {
    if (!streams.isWritableStream(this)) return PromiseReject(new TypeError("Illegal invocation"));
    const core = this.#core;
    if (core.locked) {
      return PromiseReject(new TypeError("Failed to execute 'close' on 'WritableStream': the stream is locked: " +
        "close its writer"));
    }
    return core.close();
  }

  getWriter() {
    return new WritableStreamDefaultWriter(illegal, this.#core);
  }
}
webidl.exposeInterface(WritableStream);
streams.WritableStream = WritableStream;
webidl.transferable(
  streams.isWritableStream, (stream) => streams.transferWritable(streams.writableCoreOf(stream)));

class WritableStreamDefaultWriter {
  #core;

  constructor(stream) {
    const prefix = "Failed to construct 'WritableStreamDefaultWriter'";
    requiredArguments(arguments.length, 1, prefix);
    this.#core = acquireWriter(stream === illegal ? arguments[1] : streams.writableCoreOf(stream, prefix));
  }

  // Why this promise-returning member cannot run on `object`, or undefined.
  static #refusal(object) {
    if (!isObject(object) || !(#core in object)) return PromiseReject(new TypeError("Illegal invocation"));
    if (object.#core.stream !== undefined) return undefined;
    return PromiseReject(new TypeError("the writer has released its stream"));
  }

  get closed() {
    if (!isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    return this.#core.closed.promise;
  }

  get desiredSize() {
    const core = this.#core;
    if (core.stream === undefined) throw new TypeError("the writer has released its stream");
    return core.desiredSize;
  }

  get ready() {
    if (!isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    return this.#core.ready.promise;
  }

  abort(reason = undefined) {
    const refusal = WritableStreamDefaultWriter.#refusal(this);
    if (refusal !== undefined) return refusal;
    return handOut(this.#core.abort(reason));
  }

  close() {
    const refusal = WritableStreamDefaultWriter.#refusal(this);
    if (refusal !== undefined) return refusal;
    return this.#core.close();
  }

  releaseLock() {
    const core = this.#core;
    if (core.stream !== undefined) core.release();
  }

  write(chunk = undefined) {
    const refusal = WritableStreamDefaultWriter.#refusal(this);
    if (refusal !== undefined) return refusal;
    const request = new Deferred();
    this.#core.write(chunk, request);
    return request.promise;
  }
}
webidl.exposeInterface(WritableStreamDefaultWriter);
