// Readable streams and their readers, without their public faces: the state machine of a stream, the lists
// of waiting reads, and locking. What fills a stream is its controller (readable_default.js,
// readable_byte.js), which these cores call as pullSteps/cancelSteps/releaseSteps.

const { PromiseReject, PromiseResolve, TypeError, isolate } = internals.prim;
// The functions of queues.js, and all of this folder's.
const streams = internals.queues;
internals.streams = streams;
const { Deferred, LazyPromise, Queue, resolvedPromise, withoutValue } = streams;
const { illegal } = internals.webidl;

class ReadableCore {
  constructor() {
    this.state = "readable";
    this.storedError = undefined;
    this.disturbed = false;
    this.reader = undefined;
    this.controller = undefined;
    this.facade = undefined;
  }

  // The object that a guest sees.
  object() {
    if (this.facade === undefined) new streams.ReadableStream(illegal, this);
    return this.facade;
  }

  get locked() {
    return this.reader !== undefined;
  }

  get isByteStream() {
    return this.controller.isByteController;
  }

  // The promise is for reactions only; `undefined` is its value.
  cancel(reason) {
    this.disturbed = true;
    if (this.state === "closed") return resolvedPromise;
    if (this.state === "errored") return PromiseReject(this.storedError);
    this.close();
    const reader = this.reader;
    if (reader !== undefined && reader.isByob) {
      const requests = reader.requests;
      while (requests.length > 0) requests.shift().close(undefined);
    }
    return withoutValue(this.controller.cancelSteps(reason));
  }

  close() {
    this.state = "closed";
    const reader = this.reader;
    if (reader === undefined) return;
    reader.closed.resolve();
    if (reader.isByob) return;
    const requests = reader.requests;
    while (requests.length > 0) requests.shift().close();
  }

  error(reason) {
    this.state = "errored";
    this.storedError = reason;
    const reader = this.reader;
    if (reader === undefined) return;
    reader.closed.reject(reason);
    reader.failRequests(reason);
  }

  // How many reads wait for a chunk (default reader) or for bytes (BYOB reader).
  get pendingReads() {
    return this.reader === undefined || this.reader.isByob ? 0 : this.reader.requests.length;
  }

  get pendingReadIntos() {
    return this.reader !== undefined && this.reader.isByob ? this.reader.requests.length : 0;
  }

  fulfillRead(chunk, done) {
    const request = this.reader.requests.shift();
    if (done) request.close(chunk);
    else request.chunk(chunk);
  }
}
isolate(ReadableCore);

// What both kinds of reader do. A request has chunk(value), close(value) and fail(reason).
class ReaderCore {
  constructor(stream, isByob) {
    this.stream = stream;
    this.isByob = isByob;
    this.requests = new Queue();
    this.closed = new LazyPromise();
    stream.reader = this;
    if (stream.state === "closed") this.closed.resolve();
    else if (stream.state === "errored") this.closed.reject(stream.storedError);
  }

  cancel(reason) {
    return this.stream.cancel(reason);
  }

  failRequests(reason) {
    const requests = this.requests;
    while (requests.length > 0) requests.shift().fail(reason);
  }

  release() {
    const { stream } = this;
    const reason = new TypeError("the reader has released its stream");
    this.closed.reject(reason);
    stream.controller.releaseSteps();
    stream.reader = undefined;
    this.stream = undefined;
    this.failRequests(reason);
  }
}
isolate(ReaderCore);

// A read() of a default reader.
class PromisedRead extends Deferred {
  chunk(value) {
    this.resolve({ value, done: false });
  }

  close() {
    this.resolve({ value: undefined, done: true });
  }

  fail(reason) {
    this.reject(reason);
  }
}

// A read(view) of a BYOB reader: the end of the stream gives the view back.
class PromisedReadInto extends Deferred {
  chunk(value) {
    this.resolve({ value, done: false });
  }

  close(value) {
    this.resolve({ value, done: true });
  }

  fail(reason) {
    this.reject(reason);
  }
}

class DefaultReaderCore extends ReaderCore {
  constructor(stream) {
    super(stream, false);
  }

  read(request) {
    const { stream } = this;
    stream.disturbed = true;
    if (stream.state === "closed") request.close();
    else if (stream.state === "errored") request.fail(stream.storedError);
    else stream.controller.pullSteps(request);
  }

  // The same for a promise: one allocation when a chunk is there already.
  readPromise() {
    const { stream } = this;
    stream.disturbed = true;
    if (stream.state === "readable") {
      const { controller } = stream;
      if (controller.hasChunk) return PromiseResolve({ value: controller.takeChunk(), done: false });
      const request = new PromisedRead();
      controller.pullSteps(request);
      return request.promise;
    }
    if (stream.state === "closed") return PromiseResolve({ value: undefined, done: true });
    return PromiseReject(stream.storedError);
  }
}

class ByobReaderCore extends ReaderCore {
  constructor(stream) {
    super(stream, true);
  }

  read(view, minimum, request) {
    const { stream } = this;
    stream.disturbed = true;
    if (stream.state === "errored") request.fail(stream.storedError);
    else stream.controller.pullInto(view, minimum, request);
  }
}

const requireUnlocked = (stream) => {
  if (stream.locked) throw new TypeError("the stream is locked by another reader: release it first");
};

streams.acquireDefaultReader = (stream) => {
  requireUnlocked(stream);
  return new DefaultReaderCore(stream);
};

streams.acquireByobReader = (stream) => {
  requireUnlocked(stream);
  if (!stream.isByteStream) throw new TypeError("only a stream of type 'bytes' has BYOB readers");
  return new ByobReaderCore(stream);
};

streams.ReadableCore = ReadableCore;
streams.PromisedReadInto = PromisedReadInto;
