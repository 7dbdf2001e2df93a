// CompressionStream and DecompressionStream, as the Compression specification defines them, on the platform's own
// transform streams. The codecs are native. What comes out of one piece of data, however much that is, comes piece by
// piece, as it is read: a small chunk that becomes a huge one costs its reader what the reader takes.

const {
  PromisePrototypeThen, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset, Uint8Array, isolate,
} = internals.prim;
const { writables, webidl } = internals;
const { BufferSource } = webidl.converters;
const { Deferred, after, resolvedPromise, settled } = writables;

// What native.codecPush says beside the place in the data and the output.
const WANTS_DATA = 0;
const HAS_MORE = 1;

const NOT_OPEN = 0;
const OPEN = 1;
const ENDED = 2;
const CLOSED = 3;

// What is left of the bytes from a place on, over the same memory.
const restOf = (bytes, at) => new Uint8Array(
  TypedArrayPrototypeGetBuffer(bytes),
  TypedArrayPrototypeGetByteOffset(bytes) + at,
  TypedArrayPrototypeGetByteLength(bytes) - at,
);

class Codec {
  constructor(name, format, compresses) {
    this.name = name;
    this.format = format;
    this.compresses = compresses;
    this.state = NOT_OPEN;
    // Handles belong to a request: one of an earlier request is gone.
    this.handle = 0;
    this.epoch = 0;
  }

  start() {}

  transform(chunk, controller) {
    const bytes = webidl.bytesOf(BufferSource(chunk, this.name, "A chunk"));
    if (TypedArrayPrototypeGetByteLength(bytes) === 0) return undefined;
    if (this.state === ENDED) throw this.hasTrailingData();
    return this.run(bytes, false, controller);
  }

  flush(controller) {
    return this.state === ENDED ? undefined : this.run(new Uint8Array(0), true, controller);
  }

  cancel() {
    this.close();
  }

  hasTrailingData() {
    return new TypeError(`${this.name}: there is data after the end of the compressed data`);
  }

  open() {
    if (this.state === NOT_OPEN) {
      this.handle = native.codecOpen(this.format, this.compresses);
      this.epoch = internals.requestEpoch.value;
      this.state = OPEN;
    } else if (this.epoch !== internals.requestEpoch.value) {
      throw new TypeError(`${this.name}: the stream belongs to an earlier request`);
    }
  }

  close(state = CLOSED) {
    if (this.state === OPEN && this.epoch === internals.requestEpoch.value) native.codecClose(this.handle);
    this.state = state;
  }

  // Undefined, or a promise if the reader has to take some of the output first.
  run(bytes, last, controller, isOwn = false) {
    try {
      this.open();
      let at = 0;
      for (;;) {
        const step = native.codecPush(this.handle, bytes, at, last);
        at = step[0];
        const left = TypedArrayPrototypeGetByteLength(bytes) - at;
        // The chunk is its maker's, who may get to run when some of the output is there.
        if (step[1] === HAS_MORE && !isOwn) {
          bytes = webidl.copyOfBytes(restOf(bytes, at));
          at = 0;
          isOwn = true;
        }
        if (step[2] !== undefined) controller.enqueue(step[2]);
        if (step[1] === WANTS_DATA) return undefined;
        if (step[1] !== HAS_MORE) return this.end(left);
        if (controller.backpressure) return this.wait(restOf(bytes, at), last, controller);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  end(left) {
    this.close(ENDED);
    if (left > 0) throw this.hasTrailingData();
    return undefined;
  }

  wait(rest, last, controller) {
    const { writable } = controller;
    const change = new Deferred();
    PromisePrototypeThen(controller.backpressureChanged(), change.resolve);
    // Whoever aborts the stream need not wait for a reader.
    writable.onErroring = change.resolve;
    return after(change.promise, () => {
      writable.onErroring = undefined;
      if (this.state !== OPEN) return resolvedPromise;
      if (writable.state !== "erroring") return settled(this.run(rest, last, controller, true));
      this.close();
      return resolvedPromise;
    });
  }
}
isolate(Codec);

const compressionFormat = webidl.enumeration("CompressionFormat", ["deflate", "deflate-raw", "gzip", "brotli"]);

const transformFor = (name, argumentCount, format, compresses) => {
  const prefix = `Failed to construct '${name}'`;
  webidl.requiredArguments(argumentCount, 1, prefix);
  return writables.createTransform(new Codec(name, compressionFormat(format, prefix, "Argument 1"), compresses));
};

class CompressionStream {
  #core;

  constructor(format) {
    this.#core = transformFor("CompressionStream", arguments.length, format, true);
  }

  get readable() {
    return this.#core.readable.object();
  }

  get writable() {
    return this.#core.writable.object();
  }
}
webidl.exposeInterface(CompressionStream);

class DecompressionStream {
  #core;

  constructor(format) {
    this.#core = transformFor("DecompressionStream", arguments.length, format, false);
  }

  get readable() {
    return this.#core.readable.object();
  }

  get writable() {
    return this.#core.writable.object();
  }
}
webidl.exposeInterface(DecompressionStream);
