// Writable streams without their public faces: the state machine of a stream, its writer, and its controller
// with queue and backpressure.
//
// A sink is an object with start(controller), write(chunk, controller), close() and abort(reason), each of
// which returns a promise or undefined, and may throw. A write request has resolve() and reject(reason).

const { PromisePrototypeThen, PromiseReject, TypeError, isolate } = internals.prim;
const { streams } = internals;
internals.writables = streams;
const { Deferred, LazyPromise, Queue, resolvedPromise, settled, settledAnew } = streams;
const { illegal } = internals.webidl;

// In a controller's queue, after the last chunk.
const CLOSE = { __proto__: null };

class PendingAbort extends Deferred {
  constructor(reason, wasAlreadyErroring) {
    super();
    this.reason = reason;
    this.wasAlreadyErroring = wasAlreadyErroring;
  }
}

class WritableCore {
  constructor() {
    this.state = "writable";
    this.storedError = undefined;
    this.writer = undefined;
    this.controller = undefined;
    this.writeRequests = new Queue();
    this.inFlightWrite = undefined;
    this.closeRequest = undefined;
    this.inFlightClose = undefined;
    this.pendingAbort = undefined;
    this.backpressure = false;
    this.facade = undefined;
    // A function of the platform's, for a sink that waits for something in the middle of a write.
    this.onErroring = undefined;
  }

  object() {
    if (this.facade === undefined) new streams.WritableStream(illegal, this);
    return this.facade;
  }

  get locked() {
    return this.writer !== undefined;
  }

  get closeQueuedOrInFlight() {
    return this.closeRequest !== undefined || this.inFlightClose !== undefined;
  }

  // The promise may be the shared resolved one: streams.handOut before a guest gets it.
  abort(reason) {
    if (this.state === "closed" || this.state === "errored") return resolvedPromise;
    this.controller.signalAbort(reason);
    // The abort event may have changed the state.
    if (this.state === "closed" || this.state === "errored") return resolvedPromise;
    if (this.pendingAbort !== undefined) return this.pendingAbort.promise;
    const wasAlreadyErroring = this.state === "erroring";
    const pending = new PendingAbort(wasAlreadyErroring ? undefined : reason, wasAlreadyErroring);
    this.pendingAbort = pending;
    if (!wasAlreadyErroring) this.startErroring(reason);
    return pending.promise;
  }

  close() {
    if (this.state === "closed" || this.state === "errored") {
      return PromiseReject(new TypeError(`a stream that is ${this.state} cannot be closed`));
    }
    if (this.closeQueuedOrInFlight) return PromiseReject(new TypeError("the stream is closing already"));
    const request = new Deferred();
    this.closeRequest = request;
    if (this.writer !== undefined && this.backpressure && this.state === "writable") this.writer.ready.resolve();
    this.controller.close();
    return request.promise;
  }

  dealWithRejection(error) {
    if (this.state === "writable") this.startErroring(error);
    else this.finishErroring();
  }

  startErroring(reason) {
    this.state = "erroring";
    this.storedError = reason;
    if (this.writer !== undefined) this.writer.ready.reject(reason);
    if (this.onErroring !== undefined) this.onErroring();
    if (this.inFlightWrite === undefined && this.inFlightClose === undefined && this.controller.started) {
      this.finishErroring();
    }
  }

  finishErroring() {
    this.state = "errored";
    this.controller.queue.clear();
    const { storedError, writeRequests } = this;
    while (writeRequests.length > 0) writeRequests.shift().reject(storedError);
    const pending = this.pendingAbort;
    if (pending === undefined) {
      this.rejectClose();
      return;
    }
    this.pendingAbort = undefined;
    if (pending.wasAlreadyErroring) {
      pending.reject(storedError);
      this.rejectClose();
      return;
    }
    PromisePrototypeThen(this.controller.abortSteps(pending.reason), () => {
      pending.resolve(undefined);
      this.rejectClose();
    }, (reason) => {
      pending.reject(reason);
      this.rejectClose();
    });
  }

  rejectClose() {
    if (this.closeRequest !== undefined) {
      this.closeRequest.reject(this.storedError);
      this.closeRequest = undefined;
    }
    if (this.writer !== undefined) this.writer.closed.reject(this.storedError);
  }

  finishWrite() {
    const request = this.inFlightWrite;
    this.inFlightWrite = undefined;
    request.resolve(undefined);
  }

  finishWriteWithError(error) {
    const request = this.inFlightWrite;
    this.inFlightWrite = undefined;
    request.reject(error);
    this.dealWithRejection(error);
  }

  finishClose() {
    this.inFlightClose.resolve(undefined);
    this.inFlightClose = undefined;
    if (this.state === "erroring") {
      this.storedError = undefined;
      if (this.pendingAbort !== undefined) {
        this.pendingAbort.resolve(undefined);
        this.pendingAbort = undefined;
      }
    }
    this.state = "closed";
    if (this.writer !== undefined) this.writer.closed.resolve();
  }

  finishCloseWithError(error) {
    this.inFlightClose.reject(error);
    this.inFlightClose = undefined;
    if (this.pendingAbort !== undefined) {
      this.pendingAbort.reject(error);
      this.pendingAbort = undefined;
    }
    this.dealWithRejection(error);
  }

  updateBackpressure(backpressure) {
    if (this.writer !== undefined && backpressure !== this.backpressure) {
      if (backpressure) this.writer.ready.reset();
      else this.writer.ready.resolve();
    }
    this.backpressure = backpressure;
  }
}
isolate(WritableCore);

class WriterCore {
  constructor(stream) {
    if (stream.locked) throw new TypeError("the stream is locked by another writer: release it first");
    this.stream = stream;
    this.ready = new LazyPromise();
    this.closed = new LazyPromise();
    stream.writer = this;
    const { state, storedError } = stream;
    if (state === "erroring" || state === "errored") this.ready.reject(storedError);
    else if (state === "closed" || stream.closeQueuedOrInFlight || !stream.backpressure) this.ready.resolve();
    if (state === "errored") this.closed.reject(storedError);
    else if (state === "closed") this.closed.resolve();
  }

  get desiredSize() {
    const { stream } = this;
    if (stream.state === "errored" || stream.state === "erroring") return null;
    if (stream.state === "closed") return 0;
    return stream.controller.desiredSize;
  }

  abort(reason) {
    return this.stream.abort(reason);
  }

  close() {
    return this.stream.close();
  }

  // What a pipe does when its source ends.
  closeUnlessClosing() {
    const { stream } = this;
    if (stream.closeQueuedOrInFlight || stream.state === "closed") return resolvedPromise;
    if (stream.state === "errored") return PromiseReject(stream.storedError);
    return stream.close();
  }

  // The request is settled when the sink has taken the chunk.
  write(chunk, request) {
    const { stream } = this;
    const { controller } = stream;
    const size = controller.sizeOfChunk(chunk);
    // The size function may have released the writer.
    if (stream !== this.stream) {
      request.reject(new TypeError("the writer has released its stream"));
    } else if (stream.state === "errored") {
      request.reject(stream.storedError);
    } else if (stream.closeQueuedOrInFlight || stream.state === "closed") {
      request.reject(new TypeError("the stream is closing or closed: nothing more can be written"));
    } else if (stream.state === "erroring") {
      request.reject(stream.storedError);
    } else {
      stream.writeRequests.push(request);
      controller.write(chunk, size);
    }
  }

  release() {
    const { stream } = this;
    const reason = new TypeError("the writer has released its stream");
    this.ready.reject(reason);
    this.closed.reject(reason);
    stream.writer = undefined;
    this.stream = undefined;
  }
}
isolate(WriterCore);

class WritableControllerCore {
  constructor(stream, sink, highWaterMark, sizeOf) {
    this.stream = stream;
    this.sink = sink;
    this.highWaterMark = highWaterMark;
    this.sizeOf = sizeOf;
    this.queue = new Queue();
    this.started = false;
    this.signal = undefined;
    this.abortSignaled = false;
    this.abortReason = undefined;
    this.facade = undefined;
    this.onWritten = () => this.writeDone();
    this.onWriteFailed = (reason) => {
      if (this.stream.state === "writable") this.clearAlgorithms();
      this.stream.finishWriteWithError(reason);
    };
    stream.controller = this;
  }

  object() {
    if (this.facade === undefined) this.facade = streams.writableControllerFacade(this);
    return this.facade;
  }

  start() {
    const { stream } = this;
    stream.updateBackpressure(this.desiredSize <= 0);
    PromisePrototypeThen(settledAnew(this.sink.start(this)), () => {
      this.started = true;
      this.advance();
    }, (reason) => {
      this.started = true;
      stream.dealWithRejection(reason);
    });
  }

  startAtOnce() {
    this.stream.updateBackpressure(this.desiredSize <= 0);
    this.started = true;
  }

  get desiredSize() {
    return this.highWaterMark - this.queue.totalSize;
  }

  // Made when somebody asks, since few sinks do.
  abortSignal() {
    if (this.signal === undefined) {
      this.signal = internals.abort.create();
      if (this.abortSignaled) internals.abort.signalAbort(this.signal, this.abortReason);
    }
    return this.signal;
  }

  signalAbort(reason) {
    if (this.abortSignaled) return;
    this.abortSignaled = true;
    this.abortReason = reason;
    if (this.signal !== undefined) internals.abort.signalAbort(this.signal, reason);
  }

  clearAlgorithms() {
    this.sink = undefined;
    this.sizeOf = undefined;
  }

  abortSteps(reason) {
    const { sink } = this;
    let result;
    try {
      result = settled(sink.abort(reason));
    } catch (error) {
      result = PromiseReject(error);
    }
    this.clearAlgorithms();
    return result;
  }

  sizeOfChunk(chunk) {
    if (this.sizeOf === undefined) return 1;
    try {
      const { sizeOf } = this;
      return sizeOf(chunk);
    } catch (error) {
      this.errorIfWritable(error);
      return 1;
    }
  }

  close() {
    this.queue.push(CLOSE, 0);
    this.advance();
  }

  write(chunk, size) {
    try {
      this.queue.enqueueWithSize(chunk, size);
    } catch (error) {
      this.errorIfWritable(error);
      return;
    }
    const { stream } = this;
    if (!stream.closeQueuedOrInFlight && stream.state === "writable") {
      stream.updateBackpressure(this.desiredSize <= 0);
    }
    this.advance();
  }

  errorIfWritable(error) {
    if (this.stream.state === "writable") this.error(error);
  }

  error(reason) {
    this.clearAlgorithms();
    this.stream.startErroring(reason);
  }

  advance() {
    const { stream } = this;
    if (!this.started || stream.inFlightWrite !== undefined) return;
    if (stream.state === "erroring") {
      stream.finishErroring();
      return;
    }
    if (this.queue.length === 0) return;
    if (this.queue.peek() === CLOSE) this.processClose();
    else this.processWrite(this.queue.peek());
  }

  processClose() {
    const { sink, stream } = this;
    stream.inFlightClose = stream.closeRequest;
    stream.closeRequest = undefined;
    this.queue.shift();
    let closed;
    try {
      closed = settled(sink.close());
    } catch (error) {
      closed = PromiseReject(error);
    }
    this.clearAlgorithms();
    PromisePrototypeThen(closed, () => stream.finishClose(), (reason) => stream.finishCloseWithError(reason));
  }

  // The chunk stays in the queue, and counts there, until the sink has taken it.
  processWrite(chunk) {
    const { stream } = this;
    stream.inFlightWrite = stream.writeRequests.shift();
    let written;
    try {
      written = settled(this.sink.write(chunk, this));
    } catch (error) {
      written = PromiseReject(error);
    }
    PromisePrototypeThen(written, this.onWritten, this.onWriteFailed);
  }

  writeDone() {
    const { stream } = this;
    stream.finishWrite();
    this.queue.shift();
    if (!stream.closeQueuedOrInFlight && stream.state === "writable") {
      stream.updateBackpressure(this.desiredSize <= 0);
    }
    this.advance();
  }
}
isolate(WritableControllerCore);

streams.WritableCore = WritableCore;
streams.acquireWriter = (stream) => new WriterCore(stream);

// Fills `core` (a new WritableCore) with a controller and starts it. What the sink's start throws is thrown.
streams.setUpWritableController = (core, sink, highWaterMark, sizeOf) => {
  new WritableControllerCore(core, sink, highWaterMark, sizeOf).start();
};

// A stream over a sink of the platform whose start does nothing.
streams.createWritable = (sink, highWaterMark = 1, sizeOf = undefined) => {
  const core = new WritableCore();
  new WritableControllerCore(core, sink, highWaterMark, sizeOf).startAtOnce();
  return core;
};
