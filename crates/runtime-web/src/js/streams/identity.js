// IdentityTransformStream and FixedLengthStream, as Workers have them: transform streams of bytes that change nothing. The
// readable side is a byte stream. A write is over when somebody has asked for its bytes, so that no more than one is
// held. A FixedLengthStream takes neither more nor fewer bytes than it was made for; as a body, it has that length.

const { Number, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, isolate } = internals.prim;
const { webidl, writables } = internals;
const { TransformStream, closeByteStream, createReadableByteStream, createWritable, highWaterMarkOf, Deferred,
  queuingStrategy } = writables;
const { converters, illegal, isArrayBuffer, isView } = webidl;

const sizeOf = (chunk) => (isArrayBuffer(chunk) || isView(chunk)
  ? TypedArrayPrototypeGetByteLength(webidl.bytesOf(chunk)) : 0);

class IdentityCore {
  constructor(name, expectedLength, writableMark) {
    this.name = name;
    this.expectedLength = expectedLength;
    this.written = 0;
    // What waits for a reader: the bytes, and the promise of their write.
    this.bytes = undefined;
    this.write = undefined;
    // Settled when a reader that has asked gets something.
    this.wanted = undefined;
    this.readable = createReadableByteStream(new IdentitySource(this));
    this.writable = createWritable(new IdentitySink(this), writableMark, sizeOf);
  }

  take(chunk) {
    if (!isArrayBuffer(chunk) && !isView(chunk)) {
      throw this.fail(`${this.name}: expected an ArrayBuffer or a view, found ${typeof chunk}; a TextEncoder makes bytes of text`);
    }
    const bytes = webidl.copyOfBytes(webidl.bytesOf(chunk));
    this.written += TypedArrayPrototypeGetByteLength(bytes);
    if (this.written > this.expectedLength) {
      throw this.fail(`${this.name}: more was written than the ${this.expectedLength} bytes that it was made for`);
    }
    if (TypedArrayPrototypeGetByteLength(bytes) === 0) return undefined;
    if (this.wanted !== undefined) {
      this.give(bytes);
      return undefined;
    }
    this.bytes = bytes;
    this.write = new Deferred();
    // Whoever aborts the stream need not wait for a reader.
    this.writable.onErroring = () => this.endWrite();
    return this.write.promise;
  }

  give(bytes) {
    const { wanted } = this;
    this.wanted = undefined;
    this.readable.controller.enqueueOwned(
      TypedArrayPrototypeGetBuffer(bytes), 0, TypedArrayPrototypeGetByteLength(bytes));
    wanted.resolve(undefined);
  }

  // A reader wants something. The promise is settled when it is there.
  pull() {
    const wanted = new Deferred();
    this.wanted = wanted;
    const { bytes } = this;
    if (bytes !== undefined) {
      this.give(bytes);
      this.endWrite();
    }
    return wanted.promise;
  }

  endWrite() {
    const { write } = this;
    this.bytes = this.write = this.writable.onErroring = undefined;
    if (write !== undefined) write.resolve(undefined);
  }

  close() {
    if (this.expectedLength !== undefined && this.written < this.expectedLength) {
      throw this.fail(`${this.name}: ${this.written} bytes were written of the ${this.expectedLength} that it was made for`);
    }
    const { controller } = this.readable;
    if (controller.canCloseOrEnqueue) closeByteStream(controller);
  }

  // Both sides fail with what is given back.
  fail(message) {
    const error = new TypeError(message);
    this.readable.controller.error(error);
    return error;
  }

  abort(reason) {
    this.readable.controller.error(reason);
  }

  cancel(reason) {
    this.writable.controller.errorIfWritable(reason);
    this.endWrite();
  }
}
isolate(IdentityCore);

class IdentitySource {
  constructor(core) {
    this.core = core;
    this.pulls = true;
    // For whoever sends this as a body.
    this.knownLength = core.expectedLength;
  }
  start() {}
  pull() { return this.core.pull(); }
  cancel(reason) { this.core.cancel(reason); }
}
isolate(IdentitySource);

class IdentitySink {
  constructor(core) {
    this.core = core;
  }
  start() {}
  write(chunk) { return this.core.take(chunk); }
  close() { this.core.close(); }
  abort(reason) { this.core.abort(reason); }
}
isolate(IdentitySink);

class IdentityTransformStream extends TransformStream {
  constructor(queuingStrategyGiven = undefined, core = undefined) {
    if (queuingStrategyGiven === illegal) {
      super(illegal, core);
      return;
    }
    const strategy = queuingStrategy(queuingStrategyGiven, "Failed to construct 'IdentityTransformStream'", "Argument 1");
    super(illegal, new IdentityCore("IdentityTransformStream", undefined, highWaterMarkOf(strategy, 1)));
  }
}
webidl.exposeInterface(IdentityTransformStream);

class FixedLengthStream extends IdentityTransformStream {
  constructor(expectedLength, queuingStrategyGiven = undefined) {
    const prefix = "Failed to construct 'FixedLengthStream'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const length = converters.unsignedLongLongEnforceRange(
      typeof expectedLength === "bigint" ? Number(expectedLength) : expectedLength, prefix, "Argument 1");
    const strategy = queuingStrategy(queuingStrategyGiven, prefix, "Argument 2");
    super(illegal, new IdentityCore("FixedLengthStream", length, highWaterMarkOf(strategy, 1)));
  }
}
webidl.exposeInterface(FixedLengthStream);
