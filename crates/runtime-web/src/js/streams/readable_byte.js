// The controller of a readable byte stream: a queue of byte ranges, and the buffers that readers and the
// source lend each other ("pull-into descriptors" of the specification). The classes that a guest sees of it
// are in readable_byob.js.

const {
  ArrayBufferPrototypeGetByteLength,
  ArrayBufferPrototypeGetDetached,
  BigInt64Array,
  BigUint64Array,
  DataView,
  Float16Array,
  Float32Array,
  Float64Array,
  Int16Array,
  Int32Array,
  Int8Array,
  MathMin,
  PromisePrototypeThen,
  PromiseReject,
  RangeError,
  TypeError,
  Uint16Array,
  Uint32Array,
  Uint8Array,
  Uint8ClampedArray,
  isolate,
} = internals.prim;
const { streams } = internals;
const { Queue, ReadableCore, copyBytes, newBuffer, settled, settledAnew, transferBuffer } = streams;

// Who waits for the bytes of a pull-into descriptor.
const BYOB_READER = 0;
const DEFAULT_READER = 1;
const NOBODY = 2;

class PullInto {
  constructor(buffer, byteOffset, byteLength, minimumFill, elementSize, View, readerType) {
    this.buffer = buffer;
    this.bufferByteLength = ArrayBufferPrototypeGetByteLength(buffer);
    this.byteOffset = byteOffset;
    this.byteLength = byteLength;
    this.bytesFilled = 0;
    this.minimumFill = minimumFill;
    this.elementSize = elementSize;
    this.View = View;
    this.readerType = readerType;
  }

  // The filled part as a view of the kind that the reader asked for, over a buffer that is the reader's alone.
  view() {
    return new this.View(transferBuffer(this.buffer), this.byteOffset, this.bytesFilled / this.elementSize);
  }
}
isolate(PullInto);

class ByteRange {
  constructor(buffer, byteOffset, byteLength) {
    this.buffer = buffer;
    this.byteOffset = byteOffset;
    this.byteLength = byteLength;
  }
}
isolate(ByteRange);

class ByteControllerCore {
  constructor(stream, source, highWaterMark, autoAllocateChunkSize) {
    this.stream = stream;
    this.source = source;
    this.highWaterMark = highWaterMark;
    this.autoAllocateChunkSize = autoAllocateChunkSize;
    this.queue = new Queue();
    this.pendingPullIntos = new Queue();
    this.byobRequest = undefined;
    this.started = false;
    this.closeRequested = false;
    this.pulling = false;
    this.pullAgain = false;
    this.onPulled = undefined;
    this.onFailed = (reason) => this.error(reason);
    this.facade = undefined;
    stream.controller = this;
  }

  get isByteController() {
    return true;
  }

  object() {
    if (this.facade === undefined) this.facade = streams.byteControllerFacade(this);
    return this.facade;
  }

  start() {
    PromisePrototypeThen(settledAnew(this.source.start(this)), () => this.startAtOnce(), this.onFailed);
  }

  startAtOnce() {
    this.started = true;
    this.callPullIfNeeded();
  }

  // --- What the stream asks for ---

  get hasChunk() {
    return this.queue.totalSize > 0;
  }

  takeChunk() {
    const range = this.queue.shift();
    this.handleQueueDrain();
    return new Uint8Array(range.buffer, range.byteOffset, range.byteLength);
  }

  pullSteps(request) {
    if (this.hasChunk) {
      request.chunk(this.takeChunk());
      return;
    }
    if (this.autoAllocateChunkSize !== undefined) {
      const length = this.autoAllocateChunkSize;
      let buffer;
      try {
        buffer = newBuffer(length);
      } catch (error) {
        request.fail(error);
        return;
      }
      this.pendingPullIntos.push(new PullInto(buffer, 0, length, 1, 1, Uint8Array, DEFAULT_READER));
    }
    this.stream.reader.requests.push(request);
    this.callPullIfNeeded();
  }

  // `view` is { buffer, byteOffset, byteLength, elementSize, View } of the guest's view; `minimum` counts elements.
  pullInto(view, minimum, request) {
    const { stream } = this;
    const { View, elementSize } = view;
    let buffer;
    try {
      buffer = transferBuffer(view.buffer);
    } catch (error) {
      request.fail(error);
      return;
    }
    const wanted = new PullInto(
      buffer, view.byteOffset, view.byteLength, minimum * elementSize, elementSize, View, BYOB_READER);
    if (this.pendingPullIntos.length > 0) {
      this.pendingPullIntos.push(wanted);
      stream.reader.requests.push(request);
      return;
    }
    if (stream.state === "closed") {
      request.close(new View(wanted.buffer, wanted.byteOffset, 0));
      return;
    }
    if (this.hasChunk) {
      if (this.fillFromQueue(wanted)) {
        const filled = wanted.view();
        this.handleQueueDrain();
        request.chunk(filled);
        return;
      }
      if (this.closeRequested) {
        const error = new TypeError("the stream is closing with too few bytes to fill an element of the view");
        this.error(error);
        request.fail(error);
        return;
      }
    }
    this.pendingPullIntos.push(wanted);
    stream.reader.requests.push(request);
    this.callPullIfNeeded();
  }

  cancelSteps(reason) {
    this.clearPendingPullIntos();
    this.queue.clear();
    const { source } = this;
    this.source = undefined;
    try {
      return settled(source.cancel(reason));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  // The buffer that the source may be writing to stays; its bytes go to the queue.
  releaseSteps() {
    const first = this.pendingPullIntos.peek();
    if (first === undefined) return;
    first.readerType = NOBODY;
    this.pendingPullIntos.clear();
    this.pendingPullIntos.push(first);
  }

  // --- Pulling ---

  shouldCallPull() {
    if (!this.started || !this.canCloseOrEnqueue) return false;
    const { stream } = this;
    return stream.pendingReads > 0 || stream.pendingReadIntos > 0 || this.desiredSize > 0;
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
    if (this.onPulled === undefined) this.onPulled = () => this.pullDone();
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

  // --- What the source does ---

  close() {
    if (!this.canCloseOrEnqueue) return;
    if (this.hasChunk) {
      this.closeRequested = true;
      return;
    }
    const first = this.pendingPullIntos.peek();
    if (first !== undefined && first.bytesFilled % first.elementSize !== 0) {
      const error = new TypeError("the stream closes in the middle of an element of the reader's view");
      this.error(error);
      throw error;
    }
    this.source = undefined;
    this.stream.close();
  }

  // Takes the bytes over from a buffer of the guest, which is detached by it.
  enqueue(buffer, byteOffset, byteLength) {
    if (!this.canCloseOrEnqueue) return;
    this.enqueueOwned(transferBuffer(buffer), byteOffset, byteLength);
  }

  // The same for a buffer that only the platform knows.
  enqueueOwned(buffer, byteOffset, byteLength) {
    if (!this.canCloseOrEnqueue) return;
    const { stream } = this;
    const first = this.pendingPullIntos.peek();
    if (first !== undefined) {
      if (ArrayBufferPrototypeGetDetached(first.buffer)) {
        throw new TypeError("the buffer of the pending BYOB request is detached");
      }
      this.invalidateByobRequest();
      first.buffer = transferBuffer(first.buffer);
      if (first.readerType === NOBODY) this.enqueueDetached(first);
    }
    if (stream.reader !== undefined && !stream.reader.isByob) {
      this.serveReadsFromQueue();
      if (stream.pendingReads === 0) {
        this.queue.push(new ByteRange(buffer, byteOffset, byteLength), byteLength);
      } else {
        if (this.pendingPullIntos.length > 0) this.pendingPullIntos.shift();
        stream.fulfillRead(new Uint8Array(buffer, byteOffset, byteLength), false);
      }
    } else {
      this.queue.push(new ByteRange(buffer, byteOffset, byteLength), byteLength);
      if (stream.reader !== undefined) this.commitAll(this.fillPullIntosFromQueue());
    }
    this.callPullIfNeeded();
  }

  error(reason) {
    if (this.stream.state !== "readable") return;
    this.clearPendingPullIntos();
    this.queue.clear();
    this.source = undefined;
    this.stream.error(reason);
  }

  // Where the source may write the next bytes: the open part of the first pull-into descriptor.
  currentByobRequest() {
    if (this.byobRequest === undefined) {
      const first = this.pendingPullIntos.peek();
      if (first === undefined) return null;
      const view = new Uint8Array(
        first.buffer, first.byteOffset + first.bytesFilled, first.byteLength - first.bytesFilled);
      this.byobRequest = streams.byobRequestFacade(this, view);
    }
    return this.byobRequest;
  }

  invalidateByobRequest() {
    if (this.byobRequest === undefined) return;
    streams.disconnectByobRequest(this.byobRequest);
    this.byobRequest = undefined;
  }

  clearPendingPullIntos() {
    this.invalidateByobRequest();
    this.pendingPullIntos.clear();
  }

  respond(bytesWritten) {
    const first = this.pendingPullIntos.peek();
    if (this.stream.state === "closed") {
      if (bytesWritten !== 0) throw new TypeError("0 bytes must be given once the stream is closed");
    } else {
      if (bytesWritten === 0) throw new TypeError("0 bytes can be given only once the stream is closed");
      if (first.bytesFilled + bytesWritten > first.byteLength) {
        throw new RangeError("more bytes than the view has room for");
      }
    }
    first.buffer = transferBuffer(first.buffer);
    this.respondWith(bytesWritten);
  }

  respondWithNewView(buffer, byteOffset, byteLength) {
    const first = this.pendingPullIntos.peek();
    if (this.stream.state === "closed") {
      if (byteLength !== 0) throw new TypeError("the view must be empty once the stream is closed");
    } else if (byteLength === 0) {
      throw new TypeError("the view can be empty only once the stream is closed");
    }
    if (first.byteOffset + first.bytesFilled !== byteOffset) {
      throw new RangeError("the view does not start where the request's view does");
    }
    if (first.bufferByteLength !== ArrayBufferPrototypeGetByteLength(buffer)) {
      throw new RangeError("the view's buffer is not as long as the request's");
    }
    if (first.bytesFilled + byteLength > first.byteLength) {
      throw new RangeError("the view is longer than the request's");
    }
    first.buffer = transferBuffer(buffer);
    this.respondWith(byteLength);
  }

  respondWith(bytesWritten) {
    const first = this.pendingPullIntos.peek();
    this.invalidateByobRequest();
    if (this.stream.state === "closed") this.respondInClosedState(first);
    else this.respondInReadableState(bytesWritten, first);
    this.callPullIfNeeded();
  }

  respondInClosedState(first) {
    if (first.readerType === NOBODY) this.pendingPullIntos.shift();
    const { stream } = this;
    const filled = new Queue();
    while (filled.length < stream.pendingReadIntos) filled.push(this.pendingPullIntos.shift());
    this.commitAll(filled);
  }

  respondInReadableState(bytesWritten, first) {
    first.bytesFilled += bytesWritten;
    if (first.readerType === NOBODY) {
      this.enqueueDetached(first);
      this.commitAll(this.fillPullIntosFromQueue());
      return;
    }
    if (first.bytesFilled < first.minimumFill) return;
    this.pendingPullIntos.shift();
    const remainder = first.bytesFilled % first.elementSize;
    if (remainder > 0) {
      this.enqueueCopy(first.buffer, first.byteOffset + first.bytesFilled - remainder, remainder);
      first.bytesFilled -= remainder;
    }
    const filled = this.fillPullIntosFromQueue();
    this.commit(first);
    this.commitAll(filled);
  }

  // --- The queue ---

  enqueueCopy(buffer, byteOffset, byteLength) {
    let copy;
    try {
      copy = newBuffer(byteLength);
    } catch (error) {
      this.error(error);
      throw error;
    }
    copyBytes(copy, 0, buffer, byteOffset, byteLength);
    this.queue.push(new ByteRange(copy, 0, byteLength), byteLength);
  }

  // The reader that had lent this buffer is gone: what was written to it is queued.
  enqueueDetached(first) {
    if (first.bytesFilled > 0) this.enqueueCopy(first.buffer, first.byteOffset, first.bytesFilled);
    this.pendingPullIntos.shift();
  }

  handleQueueDrain() {
    if (this.queue.totalSize === 0 && this.closeRequested) {
      this.source = undefined;
      this.stream.close();
    } else {
      this.callPullIfNeeded();
    }
  }

  serveReadsFromQueue() {
    while (this.stream.pendingReads > 0 && this.hasChunk) {
      const request = this.stream.reader.requests.shift();
      request.chunk(this.takeChunk());
    }
  }

  // Moves bytes from the queue; true once there are enough for the reader, in whole elements.
  fillFromQueue(wanted) {
    const { queue } = this;
    let remaining = MathMin(queue.totalSize, wanted.byteLength - wanted.bytesFilled);
    const reach = wanted.bytesFilled + remaining;
    const aligned = reach - (reach % wanted.elementSize);
    const ready = aligned >= wanted.minimumFill;
    if (ready) remaining = aligned - wanted.bytesFilled;
    while (remaining > 0) {
      const range = queue.peek();
      const count = MathMin(remaining, range.byteLength);
      copyBytes(wanted.buffer, wanted.byteOffset + wanted.bytesFilled, range.buffer, range.byteOffset, count);
      if (count === range.byteLength) {
        queue.shift();
      } else {
        range.byteOffset += count;
        range.byteLength -= count;
        queue.reduceFirst(count);
      }
      wanted.bytesFilled += count;
      remaining -= count;
    }
    return ready;
  }

  // The descriptors that the queue fills, taken off the list. They are committed afterwards, because a commit
  // can run guest code (a `then` getter on Object.prototype).
  fillPullIntosFromQueue() {
    const filled = new Queue();
    while (this.pendingPullIntos.length > 0 && this.hasChunk) {
      if (this.fillFromQueue(this.pendingPullIntos.peek())) filled.push(this.pendingPullIntos.shift());
    }
    return filled;
  }

  commitAll(filled) {
    while (filled.length > 0) this.commit(filled.shift());
  }

  commit(wanted) {
    const { stream } = this;
    stream.fulfillRead(wanted.view(), stream.state === "closed");
  }
}
isolate(ByteControllerCore);

// Fills `core` (a new ReadableCore) with a byte controller and starts it.
streams.setUpByteController = (core, source, highWaterMark, autoAllocateChunkSize) => {
  new ByteControllerCore(core, source, highWaterMark, autoAllocateChunkSize).start();
};

// A byte stream over a source of the platform whose start does nothing. With the mark 0 nothing is pulled
// before somebody reads.
streams.createReadableByteStream = (source, highWaterMark = 0) => {
  const core = new ReadableCore();
  new ByteControllerCore(core, source, highWaterMark, undefined).startAtOnce();
  return core;
};

streams.viewConstructors = {
  __proto__: null, BigInt64Array, BigUint64Array, DataView, Float16Array, Float32Array, Float64Array, Int16Array,
  Int32Array, Int8Array, Uint16Array, Uint32Array, Uint8Array, Uint8ClampedArray,
};

// The end of what a source of the platform gives. A reader that still lends a buffer gets it back.
streams.closeByteStream = (controller) => {
  controller.close();
  if (controller.pendingPullIntos.length > 0) controller.respond(0);
};
