// The public faces of readable streams: ReadableStream, ReadableStreamDefaultReader and the adapter that
// makes a guest's underlying source a source for a controller. The algorithms are in the cores.

const { PromiseReject, RangeError, ReflectApply, SymbolAsyncIterator, TypeError, defineValue,
  promiseMarkHandled, isolate } = internals.prim;
const { streams, webidl } = internals;
const { ReadableCore, acquireDefaultReader, bound, callForPromise, handOut, highWaterMarkOf } = streams;
const { callback, converters, dictionary, enumeration, illegal, interfaceType, requiredArguments } = webidl;

const queuingStrategy = dictionary("QueuingStrategy", [
  { __proto__: null, key: "highWaterMark", converter: converters.unrestrictedDouble },
  { __proto__: null, key: "size", converter: callback("QueuingStrategySize") },
]);
streams.queuingStrategy = queuingStrategy;

const underlyingSource = dictionary("UnderlyingSource", [
  { __proto__: null, key: "autoAllocateChunkSize", converter: converters.unsignedLongLongEnforceRange },
  { __proto__: null, key: "cancel", converter: callback("UnderlyingSourceCancelCallback") },
  { __proto__: null, key: "pull", converter: callback("UnderlyingSourcePullCallback") },
  { __proto__: null, key: "start", converter: callback("UnderlyingSourceStartCallback") },
  { __proto__: null, key: "type", converter: enumeration("ReadableStreamType", ["bytes"]) },
]);

const readerOptions = dictionary("ReadableStreamGetReaderOptions", [
  { __proto__: null, key: "mode", converter: enumeration("ReadableStreamReaderMode", ["byob"]) },
]);

const iteratorOptions = dictionary("ReadableStreamIteratorOptions", [
  { __proto__: null, key: "preventCancel", converter: converters.boolean, defaultValue: () => false },
]);

const pipeOptions = dictionary("StreamPipeOptions", [
  { __proto__: null, key: "preventAbort", converter: converters.boolean, defaultValue: () => false },
  { __proto__: null, key: "preventCancel", converter: converters.boolean, defaultValue: () => false },
  { __proto__: null, key: "preventClose", converter: converters.boolean, defaultValue: () => false },
  {
    __proto__: null, key: "signal",
    converter: interfaceType("AbortSignal", (value) => internals.abort.isSignal(value)),
  },
]);

// The underlying source that a guest gave to the constructor.
class GuestSource {
  constructor(object, methods) {
    this.object = object;
    this.onStart = methods.start;
    this.onPull = bound(methods.pull);
    this.onCancel = bound(methods.cancel);
    this.pulls = methods.pull !== undefined;
  }

  start(controller) {
    if (this.onStart === undefined) return undefined;
    return ReflectApply(this.onStart, this.object, [controller.object()]);
  }

  pull(controller) {
    return ReflectApply(this.onPull, this.object, [controller.object()]);
  }

  cancel(reason) {
    if (this.onCancel === undefined) return undefined;
    return callForPromise(this.onCancel, this.object, [reason]);
  }
}
isolate(GuestSource);

class ReadableStream {
  #core;

  constructor(source = undefined, strategy = undefined) {
    if (source === illegal) {
      this.#core = strategy;
      strategy.facade = this;
      return;
    }
    const prefix = "Failed to construct 'ReadableStream'";
    if (source !== undefined) converters.object(source, prefix, "Argument 1");
    const converted = queuingStrategy(strategy, prefix, "Argument 2");
    const methods = underlyingSource(source, prefix, "Argument 1");
    const core = new ReadableCore();
    this.#core = core;
    core.facade = this;
    const adapter = new GuestSource(source, methods);
    if (methods.type === "bytes") {
      if (converted.size !== undefined) throw new RangeError(`${prefix}: a byte stream takes no size function`);
      const highWaterMark = highWaterMarkOf(converted, 0);
      const chunkSize = methods.autoAllocateChunkSize;
      if (chunkSize === 0) throw new TypeError(`${prefix}: autoAllocateChunkSize must be above 0`);
      streams.setUpByteController(core, adapter, highWaterMark, chunkSize);
    } else {
      const sizeOf = streams.sizeAlgorithmOf(converted);
      const highWaterMark = highWaterMarkOf(converted, 1);
      streams.setUpDefaultController(core, adapter, highWaterMark, sizeOf);
    }
  }

  static {
    streams.isReadableStream = (value) => webidl.isObject(value) && #core in value;
    streams.readableCoreOf = (value, prefix, context = "Argument 1") => {
      if (!streams.isReadableStream(value)) {
        throw new TypeError(`${prefix}: ${context} is not of type 'ReadableStream'`);
      }
      return value.#core;
    };
  }

  static from(asyncIterable) {
    requiredArguments(arguments.length, 1, "Failed to execute 'from' on 'ReadableStream'");
    return streams.readableFrom(asyncIterable).object();
  }

  get locked() {
    return this.#core.locked;
  }

  cancel(reason = undefined) {
    if (!streams.isReadableStream(this)) return PromiseReject(new TypeError("Illegal invocation"));
    const core = this.#core;
    if (core.locked) {
      return PromiseReject(new TypeError("Failed to execute 'cancel' on 'ReadableStream': the stream is locked: " +
        "cancel its reader"));
    }
    return handOut(core.cancel(reason));
  }

  getReader(options = undefined) {
    const core = this.#core;
    const { mode } = readerOptions(options, "Failed to execute 'getReader' on 'ReadableStream'", "Argument 1");
    return mode === undefined
      ? new ReadableStreamDefaultReader(illegal, core)
      : new streams.ReadableStreamBYOBReader(illegal, core);
  }

  pipeThrough(transform, options = undefined) {
    const prefix = "Failed to execute 'pipeThrough' on 'ReadableStream'";
    const core = this.#core;
    requiredArguments(arguments.length, 1, prefix);
    const pair = streams.readableWritablePair(transform, prefix, "Argument 1");
    const converted = pipeOptions(options, prefix, "Argument 2");
    const target = internals.writables.writableCoreOf(pair.writable, prefix);
    if (core.locked) throw new TypeError(`${prefix}: the stream is locked`);
    if (target.locked) throw new TypeError(`${prefix}: the writable side is locked`);
    promiseMarkHandled(internals.writables.pipe(core, target, converted));
    return pair.readable;
  }

  pipeTo(destination, options = undefined) {
    if (!streams.isReadableStream(this)) return PromiseReject(new TypeError("Illegal invocation"));
    const prefix = "Failed to execute 'pipeTo' on 'ReadableStream'";
    try {
      const core = this.#core;
      requiredArguments(arguments.length, 1, prefix);
      const target = internals.writables.writableCoreOf(destination, prefix);
      const converted = pipeOptions(options, prefix, "Argument 2");
      if (core.locked) throw new TypeError(`${prefix}: the stream is locked`);
      if (target.locked) throw new TypeError(`${prefix}: the destination is locked`);
      return internals.writables.pipe(core, target, converted);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  tee() {
    const branches = streams.tee(this.#core, false);
    return [branches[0].object(), branches[1].object()];
  }

  values(options = undefined) {
    const core = this.#core;
    const converted = iteratorOptions(options, "Failed to execute 'values' on 'ReadableStream'", "Argument 1");
    return streams.iterate(core, converted.preventCancel);
  }
}
webidl.exposeInterface(ReadableStream);
defineValue(ReadableStream.prototype, SymbolAsyncIterator, ReadableStream.prototype.values, false);
streams.ReadableStream = ReadableStream;
webidl.transferable(
  streams.isReadableStream, (stream) => internals.writables.transferReadable(streams.readableCoreOf(stream)));

streams.readableWritablePair = dictionary("ReadableWritablePair", [
  {
    __proto__: null, key: "readable", required: true,
    converter: interfaceType("ReadableStream", (value) => streams.isReadableStream(value)),
  },
  {
    __proto__: null, key: "writable", required: true,
    converter: interfaceType("WritableStream", (value) => internals.writables.isWritableStream(value)),
  },
]);

class ReadableStreamDefaultReader {
  #core;

  constructor(stream) {
    const prefix = "Failed to construct 'ReadableStreamDefaultReader'";
    requiredArguments(arguments.length, 1, prefix);
    this.#core = acquireDefaultReader(
      stream === illegal ? arguments[1] : streams.readableCoreOf(stream, prefix));
  }

  get closed() {
    if (!webidl.isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    return this.#core.closed.promise;
  }

  cancel(reason = undefined) {
    if (!webidl.isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    const core = this.#core;
    if (core.stream === undefined) return PromiseReject(new TypeError("the reader has released its stream"));
    return handOut(core.cancel(reason));
  }

  read() {
    if (!webidl.isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    const core = this.#core;
    if (core.stream === undefined) return PromiseReject(new TypeError("the reader has released its stream"));
    return core.readPromise();
  }

  releaseLock() {
    const core = this.#core;
    if (core.stream !== undefined) core.release();
  }
}
webidl.exposeInterface(ReadableStreamDefaultReader);
