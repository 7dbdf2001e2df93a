// The controller of a readable stream of arbitrary chunks: its queue, its backpressure and the calls of the
// source's pull. Byte streams have their own controller in readable_byte.js.
//
// A source is an object with `pulls` (whether it has a pull at all), start(controller), pull(controller) and
// cancel(reason), each of which returns a promise or undefined, and may throw.

const { PromisePrototypeThen, PromiseReject, ReflectApply, TypeError, isolate } = internals.prim;
const { streams, webidl } = internals;
const { Queue, ReadableCore, settled, settledAnew } = streams;
const { checkIllegal, illegal } = webidl;

class DefaultControllerCore {
  constructor(stream, source, highWaterMark, sizeOf) {
    this.stream = stream;
    this.source = source;
    this.highWaterMark = highWaterMark;
    // undefined: every chunk counts as 1.
    this.sizeOf = sizeOf;
    this.queue = new Queue();
    this.started = false;
    this.closeRequested = false;
    this.pulling = false;
    this.pullAgain = false;
    this.onPulled = undefined;
    this.onFailed = undefined;
    this.facade = undefined;
    stream.controller = this;
  }

  get isByteController() {
    return false;
  }

  object() {
    if (this.facade === undefined) this.facade = new ReadableStreamDefaultController(illegal, this);
    return this.facade;
  }

  start() {
    const result = this.source.start(this);
    this.onFailed = (reason) => this.error(reason);
    PromisePrototypeThen(settledAnew(result), () => {
      this.started = true;
      this.callPullIfNeeded();
    }, this.onFailed);
  }

  // For sources of the platform that have nothing to start: pull may be called from now on.
  startAtOnce() {
    this.started = true;
    this.callPullIfNeeded();
  }

  get hasChunk() {
    return this.queue.length > 0;
  }

  takeChunk() {
    const chunk = this.queue.shift();
    if (this.closeRequested && this.queue.length === 0) {
      this.source = undefined;
      this.stream.close();
    } else {
      this.callPullIfNeeded();
    }
    return chunk;
  }

  pullSteps(request) {
    if (this.queue.length > 0) {
      request.chunk(this.takeChunk());
    } else {
      this.stream.reader.requests.push(request);
      this.callPullIfNeeded();
    }
  }

  cancelSteps(reason) {
    this.queue.clear();
    const { source } = this;
    this.source = undefined;
    try {
      return settled(source.cancel(reason));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  releaseSteps() {}

  shouldCallPull() {
    if (!this.started || !this.canCloseOrEnqueue) return false;
    return this.stream.pendingReads > 0 || this.desiredSize > 0;
  }

  callPullIfNeeded() {
    if (!this.shouldCallPull() || !this.source.pulls) return;
    if (this.pulling) {
      this.pullAgain = true;
      return;
    }
    this.pulling = true;
    let pulled;
    try {
      pulled = settled(this.source.pull(this));
    } catch (error) {
      pulled = PromiseReject(error);
    }
    if (this.onPulled === undefined) {
      this.onPulled = () => this.pullDone();
      if (this.onFailed === undefined) this.onFailed = (reason) => this.error(reason);
    }
    PromisePrototypeThen(pulled, this.onPulled, this.onFailed);
  }

  pullDone() {
    this.pulling = false;
    if (this.pullAgain) {
      this.pullAgain = false;
      this.callPullIfNeeded();
    }
  }

  get canCloseOrEnqueue() {
    return !this.closeRequested && this.stream.state === "readable";
  }

  get desiredSize() {
    const { state } = this.stream;
    if (state === "errored") return null;
    if (state === "closed") return 0;
    return this.highWaterMark - this.queue.totalSize;
  }

  close() {
    if (!this.canCloseOrEnqueue) return;
    this.closeRequested = true;
    if (this.queue.length === 0) {
      this.source = undefined;
      this.stream.close();
    }
  }

  enqueue(chunk) {
    if (!this.canCloseOrEnqueue) return;
    if (this.stream.pendingReads > 0) {
      this.stream.fulfillRead(chunk, false);
    } else if (this.sizeOf === undefined) {
      this.queue.push(chunk, 1);
    } else {
      try {
        const { sizeOf } = this;
        this.queue.enqueueWithSize(chunk, sizeOf(chunk));
      } catch (error) {
        this.error(error);
        throw error;
      }
    }
    this.callPullIfNeeded();
  }

  error(reason) {
    if (this.stream.state !== "readable") return;
    this.queue.clear();
    this.source = undefined;
    this.stream.error(reason);
  }
}
isolate(DefaultControllerCore);

class ReadableStreamDefaultController {
  #core;

  constructor(key = undefined, core = undefined) {
    checkIllegal(key);
    this.#core = core;
  }

  get desiredSize() {
    return this.#core.desiredSize;
  }

  close() {
    const core = this.#core;
    if (!core.canCloseOrEnqueue) {
      throw new TypeError("Failed to execute 'close' on 'ReadableStreamDefaultController': the stream is closed, " +
        "closing or errored");
    }
    core.close();
  }

  enqueue(chunk = undefined) {
    const core = this.#core;
    if (!core.canCloseOrEnqueue) {
      throw new TypeError("Failed to execute 'enqueue' on 'ReadableStreamDefaultController': the stream is closed, " +
        "closing or errored");
    }
    core.enqueue(chunk);
  }

  error(reason = undefined) {
    this.#core.error(reason);
  }
}
webidl.exposeInterface(ReadableStreamDefaultController);

// A size callback of a guest as a function of the chunk; undefined stands for "every chunk is 1".
streams.sizeAlgorithmOf = (strategy) => {
  const { size } = strategy;
  if (size === undefined) return undefined;
  return (chunk) => +ReflectApply(size, undefined, [chunk]);
};

// Fills `core` (a new ReadableCore) with a default controller and starts it. What the source's start throws
// is thrown.
streams.setUpDefaultController = (core, source, highWaterMark, sizeOf) => {
  new DefaultControllerCore(core, source, highWaterMark, sizeOf).start();
};

// A stream over a source of the platform whose start does nothing.
streams.createReadable = (source, highWaterMark = 1, sizeOf = undefined) => {
  const core = new ReadableCore();
  new DefaultControllerCore(core, source, highWaterMark, sizeOf).startAtOnce();
  return core;
};
