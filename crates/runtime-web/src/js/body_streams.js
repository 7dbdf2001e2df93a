// Bodies as streams: what a guest gets as `.body`, what `clone` makes, and how contents move to another body.
//
// In `internals.bodyStreams`, each of a Body of body.js: `make(body)` gives the core of its stream, `clone(body)` a second
// body with the same contents, `move(body)` one with its contents, which leaves it used up; the last two of a usable
// body. `untouchedNative(stream)` is the body of the host behind a stream that nobody has read from, or undefined, and
// `useUp(stream)` leaves behind what passing a stream's contents on by another way does.

const {
  PromisePrototypeThen, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset, Uint8Array, isolate, promiseMarkHandled,
} = internals.prim;
const { bodies, hostBodies } = internals;
const { Body } = bodies;

const byteLength = TypedArrayPrototypeGetByteLength;

// A body of the host as the source of a byte stream.
class NativeSource {
  constructor(body) {
    this.body = body;
    this.pulls = true;
    this.controller = undefined;
    this.onChunk = (answer) => {
      if (answer === null) {
        this.body.end();
        if (this.controller.canCloseOrEnqueue) internals.streams.closeByteStream(this.controller);
        return;
      }
      const { chunk } = answer;
      if (byteLength(chunk) === 0) {
        // Nothing to give: the controller pulls again when this pull is over.
        this.controller.pullAgain = true;
      } else {
        this.controller.enqueueOwned(
          TypedArrayPrototypeGetBuffer(chunk), TypedArrayPrototypeGetByteOffset(chunk), byteLength(chunk));
      }
    };
    this.onFailure = (reason) => {
      this.body.end();
      throw reason;
    };
  }

  start() {}

  pull(controller) {
    if (this.controller === undefined) {
      this.controller = controller;
      this.body.onAbort = (reason) => controller.error(reason);
    }
    return PromisePrototypeThen(this.body.next(), this.onChunk, this.onFailure);
  }

  cancel() {
    this.body.cancel();
  }
}
isolate(NativeSource);

// The body of the host behind a stream that nobody has read from, or undefined.
const untouchedNative = (stream) => {
  if (stream.disturbed || stream.locked || stream.state !== "readable") return undefined;
  const { source } = stream.controller;
  return source instanceof NativeSource && source.controller === undefined ? source.body : undefined;
};

// What passing a stream's contents on by another way leaves behind: a stream that is locked and disturbed.
const useUp = (stream) => {
  stream.disturbed = true;
  internals.streams.acquireDefaultReader(stream);
};

class Identity {
  start() {}

  transform(chunk, controller) {
    controller.enqueue(chunk);
  }

  flush() {}

  cancel() {}
}
isolate(Identity);

// A stream with the chunks of another one, which gets locked.
const relay = (stream) => {
  const transform = internals.writables.createTransform(new Identity());
  const options = {
    __proto__: null, preventAbort: false, preventCancel: false, preventClose: false, signal: undefined,
  };
  promiseMarkHandled(internals.writables.pipe(stream, transform.writable, options));
  return transform.readable;
};

const make = (body) => {
  if (body.consumed) {
    const stream = internals.blobs.readableOfBytes(new Uint8Array(0));
    internals.streams.closeByteStream(stream.controller);
    useUp(stream);
    return stream;
  }
  if (body.rid !== -1) return internals.streams.createReadableByteStream(new NativeSource(hostBodies.of(body)));
  return internals.blobs.readableOfBytes(body.plainBytes());
};

const clone = (body) => {
  const other = new Body();
  if (body.stream === undefined && body.isPlain) {
    body.exclusive = false;
    other.text = body.text;
    other.bytes = body.bytes;
    return other;
  }
  const branches = internals.streams.tee(body.asStream(), true);
  body.stream = branches[0];
  other.stream = branches[1];
  body.native = body.text = body.bytes = undefined;
  body.rid = -1;
  return other;
};

const move = (body) => {
  const other = new Body();
  if (body.isPlain) {
    other.text = body.text;
    other.bytes = body.bytes;
    other.exclusive = body.exclusive;
    body.consumed = true;
    if (body.stream !== undefined) useUp(body.stream);
    return other;
  }
  const { stream } = body;
  const hosted = stream === undefined ? hostBodies.of(body) : untouchedNative(stream);
  if (hosted === undefined) {
    other.stream = relay(stream);
    return other;
  }
  other.native = hosted;
  other.rid = hosted.rid;
  other.epoch = hosted.epoch;
  body.consumed = true;
  if (stream !== undefined) useUp(stream);
  return other;
};

internals.bodyStreams = { __proto__: null, clone, make, move, untouchedNative, useUp };
