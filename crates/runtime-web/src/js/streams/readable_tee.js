// Teeing a readable stream: two branches that see the same chunks. Streams of arbitrary chunks share each
// chunk (or, for bodies, give the second branch a clone); byte streams copy, and read into the buffer of the
// branch that lends one.

const {
  PromisePrototypeThen, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, TypedArrayPrototypeSet, Uint8Array, isolate,
} = internals.prim;
const { streams } = internals;
const { Deferred, ReadableCore, resolvedPromise } = streams;

const copyOf = (chunk) => {
  const copy = new Uint8Array(TypedArrayPrototypeGetByteLength(chunk));
  TypedArrayPrototypeSet(copy, chunk);
  return copy;
};

// A clone of any chunk, or a DataCloneError.
const cloneChunk = (chunk) =>
  TypedArrayPrototypeGetSymbolToStringTag(chunk) === "Uint8Array" ? copyOf(chunk) : internals.cloning.clone(chunk);

// What both kinds of tee keep: which branches were canceled and why, and the one result of both cancels.
class TeeState {
  constructor(stream) {
    this.stream = stream;
    this.reader = undefined;
    this.reading = false;
    this.canceled = [false, false];
    this.reasons = [undefined, undefined];
    this.cancelDone = new Deferred();
    this.branches = [undefined, undefined];
  }

  cancelBranch(index, reason) {
    this.canceled[index] = true;
    this.reasons[index] = reason;
    if (this.canceled[1 - index]) this.cancelOriginal([this.reasons[0], this.reasons[1]]);
    return this.cancelDone.promise;
  }

  cancelOriginal(reason) {
    PromisePrototypeThen(this.stream.cancel(reason), this.cancelDone.resolve, this.cancelDone.reject);
  }

  controller(index) {
    return this.branches[index].controller;
  }

  // An error of the original that no read is waiting for.
  watchReader(reader) {
    PromisePrototypeThen(reader.closed.promise, undefined, (reason) => {
      if (reader !== this.reader) return;
      this.controller(0).error(reason);
      this.controller(1).error(reason);
      if (!this.canceled[0] || !this.canceled[1]) this.cancelDone.resolve(undefined);
    });
  }

  // A chunk that cannot be copied ends everything.
  fail(reason) {
    this.controller(0).error(reason);
    this.controller(1).error(reason);
    this.cancelOriginal(reason);
  }
}
isolate(TeeState);

// One branch as a source for its controller.
class TeeBranchSource {
  constructor(tee, index) {
    this.tee = tee;
    this.index = index;
    this.pulls = true;
  }

  start() {}

  pull() {
    return this.tee.pull(this.index);
  }

  cancel(reason) {
    return this.tee.cancelBranch(this.index, reason);
  }
}
isolate(TeeBranchSource);

// --- Arbitrary chunks. The tee itself is the read request, for all chunks. ---

class DefaultTee extends TeeState {
  constructor(stream, cloneForSecond) {
    super(stream);
    this.cloneForSecond = cloneForSecond;
    this.readAgain = false;
    this.pendingChunk = undefined;
    this.deliverPending = () => this.deliver();
    this.request = new DefaultTeeRequest(this);
  }

  pull() {
    if (this.reading) {
      this.readAgain = true;
      return undefined;
    }
    this.reading = true;
    this.reader.read(this.request);
    return undefined;
  }

  // In a microtask of its own, so that an error of the original is seen first.
  deliver() {
    const chunk = this.pendingChunk;
    this.pendingChunk = undefined;
    this.readAgain = false;
    let second = chunk;
    if (!this.canceled[1] && this.cloneForSecond) {
      try {
        second = cloneChunk(chunk);
      } catch (error) {
        this.fail(error);
        return;
      }
    }
    if (!this.canceled[0]) this.controller(0).enqueue(chunk);
    if (!this.canceled[1]) this.controller(1).enqueue(second);
    this.reading = false;
    if (this.readAgain) this.pull();
  }
}

class DefaultTeeRequest {
  constructor(tee) {
    this.tee = tee;
  }

  chunk(value) {
    this.tee.pendingChunk = value;
    PromisePrototypeThen(resolvedPromise, this.tee.deliverPending);
  }

  close() {
    const { tee } = this;
    tee.reading = false;
    if (!tee.canceled[0]) tee.controller(0).close();
    if (!tee.canceled[1]) tee.controller(1).close();
    if (!tee.canceled[0] || !tee.canceled[1]) tee.cancelDone.resolve(undefined);
  }

  fail() {
    this.tee.reading = false;
  }
}
isolate(DefaultTeeRequest);

// --- Bytes ---

class ByteTee extends TeeState {
  constructor(stream) {
    super(stream);
    this.readAgain = [false, false];
    this.request = new ByteTeeRequest(this);
  }

  useDefaultReader() {
    if (!this.reader.isByob) return;
    this.reader.release();
    this.reader = streams.acquireDefaultReader(this.stream);
    this.watchReader(this.reader);
  }

  useByobReader() {
    if (this.reader.isByob) return;
    this.reader.release();
    this.reader = streams.acquireByobReader(this.stream);
    this.watchReader(this.reader);
  }

  pull(index) {
    if (this.reading) {
      this.readAgain[index] = true;
      return undefined;
    }
    this.reading = true;
    const controller = this.controller(index);
    const request = controller.pendingPullIntos.length > 0 ? controller.currentByobRequest() : null;
    if (request === null) {
      this.useDefaultReader();
      this.reader.read(this.request);
    } else {
      this.useByobReader();
      const view = streams.viewOfByobRequest(request);
      const taken = {
        __proto__: null,
        buffer: TypedArrayPrototypeGetBuffer(view),
        byteOffset: TypedArrayPrototypeGetByteOffset(view),
        byteLength: TypedArrayPrototypeGetByteLength(view),
        elementSize: 1,
        View: Uint8Array,
      };
      this.reader.read(taken, 1, new ByteTeeIntoRequest(this, index));
    }
    return undefined;
  }

  readOn() {
    this.reading = false;
    if (this.readAgain[0]) this.pull(0);
    else if (this.readAgain[1]) this.pull(1);
  }
}

const enqueueView = (controller, view) => {
  controller.enqueue(
    TypedArrayPrototypeGetBuffer(view), TypedArrayPrototypeGetByteOffset(view), TypedArrayPrototypeGetByteLength(view));
};

const respondWithView = (controller, view) => {
  controller.respondWithNewView(
    TypedArrayPrototypeGetBuffer(view), TypedArrayPrototypeGetByteOffset(view), TypedArrayPrototypeGetByteLength(view));
};

class ByteTeeRequest {
  constructor(tee) {
    this.tee = tee;
  }

  chunk(value) {
    PromisePrototypeThen(resolvedPromise, () => {
      const { tee } = this;
      tee.readAgain[0] = tee.readAgain[1] = false;
      let second = value;
      if (!tee.canceled[0] && !tee.canceled[1]) {
        try {
          second = copyOf(value);
        } catch (error) {
          tee.fail(error);
          return;
        }
      }
      if (!tee.canceled[0]) enqueueView(tee.controller(0), value);
      if (!tee.canceled[1]) enqueueView(tee.controller(1), second);
      tee.readOn();
    });
  }

  close() {
    const { tee } = this;
    tee.reading = false;
    for (let i = 0; i < 2; i++) {
      if (!tee.canceled[i]) tee.controller(i).close();
    }
    for (let i = 0; i < 2; i++) {
      if (tee.controller(i).pendingPullIntos.length > 0) tee.controller(i).respond(0);
    }
    if (!tee.canceled[0] || !tee.canceled[1]) tee.cancelDone.resolve(undefined);
  }

  fail() {
    this.tee.reading = false;
  }
}
isolate(ByteTeeRequest);

// A read into the buffer that branch `index` lends.
class ByteTeeIntoRequest {
  constructor(tee, index) {
    this.tee = tee;
    this.index = index;
  }

  chunk(value) {
    PromisePrototypeThen(resolvedPromise, () => {
      const { tee } = this;
      tee.readAgain[0] = tee.readAgain[1] = false;
      const own = this.index;
      const other = 1 - own;
      if (!tee.canceled[other]) {
        let copy;
        try {
          copy = copyOf(value);
        } catch (error) {
          tee.fail(error);
          return;
        }
        if (!tee.canceled[own]) respondWithView(tee.controller(own), value);
        enqueueView(tee.controller(other), copy);
      } else if (!tee.canceled[own]) {
        respondWithView(tee.controller(own), value);
      }
      tee.readOn();
    });
  }

  // `value` is undefined after a cancel of the original.
  close(value) {
    const { tee } = this;
    const own = this.index;
    const other = 1 - own;
    tee.reading = false;
    if (!tee.canceled[own]) tee.controller(own).close();
    if (!tee.canceled[other]) tee.controller(other).close();
    if (value !== undefined) {
      if (!tee.canceled[own]) respondWithView(tee.controller(own), value);
      if (!tee.canceled[other] && tee.controller(other).pendingPullIntos.length > 0) tee.controller(other).respond(0);
    }
    if (!tee.canceled[own] || !tee.canceled[other]) tee.cancelDone.resolve(undefined);
  }

  fail() {
    this.tee.reading = false;
  }
}
isolate(ByteTeeIntoRequest);

// Both branches as cores. `cloneForSecond` gives the second branch chunks of its own (byte streams always do).
streams.tee = (stream, cloneForSecond) => {
  const isBytes = stream.isByteStream;
  const reader = streams.acquireDefaultReader(stream);
  const tee = isBytes ? new ByteTee(stream) : new DefaultTee(stream, cloneForSecond);
  tee.reader = reader;
  for (let i = 0; i < 2; i++) {
    const branch = new ReadableCore();
    tee.branches[i] = branch;
    const source = new TeeBranchSource(tee, i);
    if (isBytes) streams.setUpByteController(branch, source, 0, undefined);
    else streams.setUpDefaultController(branch, source, 1, undefined);
  }
  tee.watchReader(reader);
  return tee.branches;
};
