// Transform streams: TransformStream and TransformStreamDefaultController over a readable and a writable core.
// Transforms of the platform (text, compression) use streams.createTransform and never run guest code.
//
// A transformer is an object with start(controller), transform(chunk, controller), flush(controller) and
// cancel(reason), each of which returns a promise or undefined, and may throw.

const { PromisePrototypeThen, PromiseReject, RangeError, ReflectApply, TypeError, isolate } = internals.prim;
const { streams, webidl } = internals;
const { Deferred, ReadableCore, WritableCore, after, bound, callForPromise, highWaterMarkOf, queuingStrategy,
  resolvedPromise, settled, sizeAlgorithmOf } = streams;
const { callback, checkIllegal, converters, dictionary, illegal, isObject } = webidl;

class TransformCore {
  constructor(transformer) {
    this.transformer = transformer;
    this.readable = new ReadableCore();
    this.writable = new WritableCore();
    this.startDone = new Deferred();
    // undefined until set for the first time.
    this.backpressure = undefined;
    // Made when somebody waits for the next change.
    this.backpressureChange = undefined;
    this.finishDone = undefined;
    this.controllerFacade = undefined;
  }

  start(writableMark, writableSize, readableMark, readableSize) {
    streams.setUpWritableController(this.writable, new TransformSink(this), writableMark, writableSize);
    streams.setUpDefaultController(this.readable, new TransformSource(this), readableMark, readableSize);
    this.setBackpressure(true);
  }

  controllerObject() {
    if (this.controllerFacade === undefined) {
      this.controllerFacade = new TransformStreamDefaultController(illegal, this);
    }
    return this.controllerFacade;
  }

  backpressureChanged() {
    if (this.backpressureChange === undefined) this.backpressureChange = new Deferred();
    return this.backpressureChange.promise;
  }

  setBackpressure(backpressure) {
    if (this.backpressureChange !== undefined) {
      this.backpressureChange.resolve(undefined);
      this.backpressureChange = undefined;
    }
    this.backpressure = backpressure;
  }

  error(reason) {
    this.readable.controller.error(reason);
    this.errorWritableAndUnblock(reason);
  }

  errorWritableAndUnblock(reason) {
    this.transformer = undefined;
    this.writable.controller.errorIfWritable(reason);
    this.unblockWrite();
  }

  unblockWrite() {
    if (this.backpressure === true) this.setBackpressure(false);
  }

  // --- For the transformer ---

  get desiredSize() {
    return this.readable.controller.desiredSize;
  }

  enqueue(chunk) {
    const { controller } = this.readable;
    if (!controller.canCloseOrEnqueue) throw new TypeError("the readable side is closed, closing or errored");
    try {
      controller.enqueue(chunk);
    } catch (error) {
      this.errorWritableAndUnblock(error);
      throw this.readable.storedError;
    }
    const backpressure = !controller.shouldCallPull();
    if (backpressure !== this.backpressure) this.setBackpressure(true);
  }

  terminate() {
    this.readable.controller.close();
    this.errorWritableAndUnblock(new TypeError("the transform stream has been terminated"));
  }

  // --- The writable side ---

  transform(chunk) {
    // The readable side is being canceled: nobody wants the chunk.
    if (this.transformer === undefined) return resolvedPromise;
    let result;
    try {
      result = settled(this.transformer.transform(chunk, this));
    } catch (error) {
      result = PromiseReject(error);
    }
    return PromisePrototypeThen(result, undefined, (reason) => {
      this.error(reason);
      throw reason;
    });
  }

  write(chunk) {
    if (!this.backpressure) return this.transform(chunk);
    return after(this.backpressureChanged(), () => {
      const { writable } = this;
      if (writable.state === "erroring") throw writable.storedError;
      return this.transform(chunk);
    });
  }

  // Runs the transformer's cancel or flush once for whichever side ends first; the other side gets the same
  // promise. `succeed` and `fail` finish the side that did not ask.
  finish(run, succeed, fail) {
    if (this.finishDone !== undefined) return this.finishDone.promise;
    const done = new Deferred();
    this.finishDone = done;
    const result = run();
    this.transformer = undefined;
    PromisePrototypeThen(result, () => {
      const failure = succeed();
      if (failure === undefined) done.resolve(undefined);
      else done.reject(failure.reason);
    }, (reason) => {
      fail(reason);
      done.reject(reason);
    });
    return done.promise;
  }

  runCancel(reason) {
    try {
      return settled(this.transformer.cancel(reason));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  runFlush() {
    try {
      return settled(this.transformer.flush(this));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  abortWritable(reason) {
    const { readable } = this;
    return this.finish(() => this.runCancel(reason), () => {
      if (readable.state === "errored") return { __proto__: null, reason: readable.storedError };
      readable.controller.error(reason);
      return undefined;
    }, (failure) => readable.controller.error(failure));
  }

  closeWritable() {
    const { readable } = this;
    return this.finish(() => this.runFlush(), () => {
      if (readable.state === "errored") return { __proto__: null, reason: readable.storedError };
      readable.controller.close();
      return undefined;
    }, (failure) => readable.controller.error(failure));
  }

  cancelReadable(reason) {
    const { writable } = this;
    return this.finish(() => this.runCancel(reason), () => {
      if (writable.state === "errored") return { __proto__: null, reason: writable.storedError };
      writable.controller.errorIfWritable(reason);
      this.unblockWrite();
      return undefined;
    }, (failure) => {
      writable.controller.errorIfWritable(failure);
      this.unblockWrite();
    });
  }
}
isolate(TransformCore);

class TransformSink {
  constructor(core) {
    this.core = core;
  }

  start() {
    return this.core.startDone.promise;
  }

  write(chunk) {
    return this.core.write(chunk);
  }

  close() {
    return this.core.closeWritable();
  }

  abort(reason) {
    return this.core.abortWritable(reason);
  }
}
isolate(TransformSink);

class TransformSource {
  constructor(core) {
    this.core = core;
    this.pulls = true;
  }

  start() {
    return this.core.startDone.promise;
  }

  pull() {
    this.core.setBackpressure(false);
    return this.core.backpressureChanged();
  }

  cancel(reason) {
    return this.core.cancelReadable(reason);
  }
}
isolate(TransformSource);

// A transform over a transformer of the platform. The readable side holds `readableMark` chunks unread.
streams.createTransform = (transformer, writableMark = 1, readableMark = 0) => {
  const core = new TransformCore(transformer);
  core.start(writableMark, undefined, readableMark, undefined);
  core.startDone.resolve(undefined);
  return core;
};

const transformerMembers = dictionary("Transformer", [
  { __proto__: null, key: "cancel", converter: callback("TransformerCancelCallback") },
  { __proto__: null, key: "flush", converter: callback("TransformerFlushCallback") },
  { __proto__: null, key: "readableType", converter: converters.any },
  { __proto__: null, key: "start", converter: callback("TransformerStartCallback") },
  { __proto__: null, key: "transform", converter: callback("TransformerTransformCallback") },
  { __proto__: null, key: "writableType", converter: converters.any },
]);

// The transformer that a guest gave to the constructor.
class GuestTransformer {
  constructor(object, methods) {
    this.object = object;
    this.onStart = methods.start;
    this.onTransform = bound(methods.transform);
    this.onFlush = bound(methods.flush);
    this.onCancel = bound(methods.cancel);
  }

  start(core) {
    if (this.onStart === undefined) return undefined;
    return ReflectApply(this.onStart, this.object, [core.controllerObject()]);
  }

  transform(chunk, core) {
    if (this.onTransform === undefined) {
      core.enqueue(chunk);
      return undefined;
    }
    return ReflectApply(this.onTransform, this.object, [chunk, core.controllerObject()]);
  }

  flush(core) {
    if (this.onFlush === undefined) return undefined;
    return callForPromise(this.onFlush, this.object, [core.controllerObject()]);
  }

  cancel(reason) {
    if (this.onCancel === undefined) return undefined;
    return callForPromise(this.onCancel, this.object, [reason]);
  }
}
isolate(GuestTransformer);

class TransformStreamDefaultController {
  #core;

  constructor(key = undefined, core = undefined) {
    checkIllegal(key);
    this.#core = core;
  }

  get desiredSize() {
    return this.#core.desiredSize;
  }

  enqueue(chunk = undefined) {
    this.#core.enqueue(chunk);
  }

  error(reason = undefined) {
    this.#core.error(reason);
  }

  terminate() {
    this.#core.terminate();
  }
}
webidl.exposeInterface(TransformStreamDefaultController);

class TransformStream {
  #core;

  constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
    if (transformer === illegal) {
      this.#core = writableStrategy;
      return;
    }
    const prefix = "Failed to construct 'TransformStream'";
    if (transformer !== undefined) converters.object(transformer, prefix, "Argument 1");
    const forWritable = queuingStrategy(writableStrategy, prefix, "Argument 2");
    const forReadable = queuingStrategy(readableStrategy, prefix, "Argument 3");
    const methods = transformerMembers(transformer, prefix, "Argument 1");
    if (methods.readableType !== undefined) throw new RangeError(`${prefix}: there is no readableType yet`);
    if (methods.writableType !== undefined) throw new RangeError(`${prefix}: there is no writableType yet`);
    const readableMark = highWaterMarkOf(forReadable, 0);
    const readableSize = sizeAlgorithmOf(forReadable);
    const writableMark = highWaterMarkOf(forWritable, 1);
    const writableSize = sizeAlgorithmOf(forWritable);
    const adapter = new GuestTransformer(transformer, methods);
    const core = new TransformCore(adapter);
    this.#core = core;
    core.start(writableMark, writableSize, readableMark, readableSize);
    core.startDone.resolve(adapter.start(core));
  }

  static {
    streams.isTransformStream = (value) => isObject(value) && #core in value;
    webidl.transferable(
      streams.isTransformStream, (stream) => new TransformStream(illegal, streams.transferTransform(stream.#core)));
  }

  get readable() {
    return this.#core.readable.object();
  }

  get writable() {
    return this.#core.writable.object();
  }
}
webidl.exposeInterface(TransformStream);
streams.TransformStream = TransformStream;
