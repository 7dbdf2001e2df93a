// Bodies of requests and responses: what they are made of, how they become a stream when somebody looks, how they
// are read to their end, and how they go to the host. The methods that a guest calls are in body_mixin.js.
//
// A body is bytes or text that is there already, a body of the host (a resource id) that nobody has looked at, or a
// stream. A body of the host becomes a stream only when `.body` is read; text() and the like take it from the host
// directly, and a body that is passed on untouched goes by its id, without its bytes entering the guest.
//
// In `internals.bodies`: class Body, `extract(init, prefix, context)` gives { body, type }, and the makers
// `fromHost(rid)`, `ofText(text)` and `ofBytes(bytes)`. How a body's stream is written to the host is in body_pump.js.

const {
  ArrayBufferIsView, List, PromisePrototypeThen, PromiseReject, StringPrototypeCharCodeAt,
  StringPrototypeSlice, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, TypedArrayPrototypeSet, Uint8Array,
  promiseMarkHandled,
} = internals.prim;
const { ifLoaded, queues, webidl } = internals;
const { BufferSource, USVString } = webidl.converters;
const { isolate } = queues;

const bodies = { __proto__: null };
internals.bodies = bodies;

const byteLength = TypedArrayPrototypeGetByteLength;

const join = (chunks, total) => {
  const joined = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    TypedArrayPrototypeSet(joined, chunks[i], at);
    at += byteLength(chunks[i]);
  }
  return joined;
};

// --- Bodies of the host --------------------------------------------------------------------------------


// An incoming body by its resource id. Ids belong to a request: one of an earlier request is gone.
class NativeBody {
  constructor(rid) {
    this.rid = rid;
    this.epoch = internals.requestEpoch.value;
    // { reason } once aborted.
    this.failure = undefined;
    this.ended = false;
    // The host's operation of the read that was made last.
    this.operation = -1;
    // Called with the reason of an abort by whoever reads this body.
    this.onAbort = undefined;
    // Called at the end of the body, whatever it is.
    this.onEnd = undefined;
  }

  // The promise is for { chunk }, or null at the end.
  next() {
    if (this.failure !== undefined) return PromiseReject(this.failure.reason);
    if (this.epoch !== internals.requestEpoch.value) {
      return PromiseReject(new TypeError("this body belongs to an earlier request, which has ended"));
    }
    const answer = native.bodyRead(this.rid);
    this.operation = native.lastOp();
    return answer;
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    this.onAbort = undefined;
    if (this.onEnd !== undefined) this.onEnd();
    this.onEnd = undefined;
  }

  cancel() {
    if (!this.ended && this.epoch === internals.requestEpoch.value) {
      native.bodyCancel(this.rid);
      // A read that still waits holds on to the body.
      if (this.operation !== -1) native.cancelOp(this.operation);
    }
    this.end();
  }

  abort(reason) {
    if (this.ended) return;
    this.failure = { __proto__: null, reason };
    const { onAbort } = this;
    this.cancel();
    if (onAbort !== undefined) onAbort(reason);
  }
}
isolate(NativeBody);

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

// --- Reading to the end --------------------------------------------------------------------------------

// Both collectors call `done` with one Uint8Array over memory that nobody else has, or `fail` with a reason. No promise
// is resolved with the bytes: it would look for a `then` on the guest's prototypes.
class Collector {
  constructor(done, fail) {
    this.done = done;
    this.fail = fail;
    this.chunks = new List();
    this.total = 0;
  }

  add(chunk) {
    this.chunks.push(chunk);
    this.total += byteLength(chunk);
  }

  joined() {
    let bytes;
    try {
      bytes = join(this.chunks, this.total);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.done(bytes);
  }
}
isolate(Collector);

class NativeCollector extends Collector {
  constructor(body, done, fail) {
    super(done, fail);
    this.body = body;
    this.onChunk = (answer) => this.take(answer);
    this.onFailure = (reason) => {
      this.body.end();
      this.fail(reason);
    };
    body.onAbort = fail;
    this.next();
  }

  next() {
    PromisePrototypeThen(this.body.next(), this.onChunk, this.onFailure);
  }

  take(answer) {
    if (answer !== null) {
      this.add(answer.chunk);
      this.next();
      return;
    }
    this.body.end();
    if (this.chunks.length === 1) this.done(this.chunks[0]);
    else this.joined();
  }
}

bodies.notBytes = () =>
  new TypeError("a chunk of the body's stream is not a Uint8Array: encode text with TextEncoderStream");

// As the read request for all chunks.
class StreamCollector extends Collector {
  constructor(stream, done, fail) {
    super(done, fail);
    this.reader = internals.streams.acquireDefaultReader(stream);
    // Whether a read is being made by the loop in `run`, and whether it has had its chunk.
    this.looping = false;
    this.delivered = false;
    this.run();
  }

  // A loop and not a recursion, for streams that have many chunks waiting.
  run() {
    this.looping = true;
    do {
      this.delivered = false;
      this.reader.read(this);
    } while (this.delivered);
    this.looping = false;
  }

  chunk(value) {
    if (TypedArrayPrototypeGetSymbolToStringTag(value) !== "Uint8Array") {
      const error = bodies.notBytes();
      this.fail(error);
      promiseMarkHandled(this.reader.cancel(error));
      return;
    }
    this.add(value);
    if (this.looping) this.delivered = true;
    else this.run();
  }

  close() {
    this.joined();
  }
}

// --- The body ------------------------------------------------------------------------------------------

class Body {
  constructor() {
    this.text = undefined;
    this.bytes = undefined;
    // Whether `bytes` may be handed to a guest as they are.
    this.exclusive = false;
    this.native = undefined;
    this.stream = undefined;
    // Whether it has been read or passed on without a stream having been made.
    this.consumed = false;
  }

  get used() {
    return this.consumed || (this.stream !== undefined && this.stream.disturbed);
  }

  get unusable() {
    return this.used || (this.stream !== undefined && this.stream.locked);
  }

  get isPlain() {
    return this.text !== undefined || this.bytes !== undefined;
  }

  // The core of the stream that a guest sees as `.body`.
  asStream() {
    if (this.stream !== undefined) return this.stream;
    if (this.consumed) {
      this.stream = internals.blobs.readableOfBytes(new Uint8Array(0));
      internals.streams.closeByteStream(this.stream.controller);
      useUp(this.stream);
    } else if (this.native !== undefined) {
      this.stream = internals.streams.createReadableByteStream(new NativeSource(this.native));
    } else {
      this.stream = internals.blobs.readableOfBytes(this.plainBytes());
    }
    return this.stream;
  }

  // Of a body of text or bytes.
  plainBytes() {
    if (this.bytes === undefined) {
      this.bytes = native.encodeUtf8(this.text);
      this.exclusive = true;
    }
    return this.bytes;
  }

  // Uses a body up that is not plain: `done` is called with its bytes, over memory that nobody else has, or `fail` with
  // a reason. Neither may throw.
  collect(done, fail) {
    if (this.stream !== undefined) {
      new StreamCollector(this.stream, done, fail);
      return;
    }
    this.consumed = true;
    new NativeCollector(this.native, done, fail);
  }

  // What the body was aborted with, as { reason }, or undefined.
  get failure() {
    return this.native === undefined ? undefined : this.native.failure;
  }

  // A second body with the same contents. This one must be usable.
  clone() {
    const other = new Body();
    if (this.stream === undefined && this.isPlain) {
      this.exclusive = false;
      other.text = this.text;
      other.bytes = this.bytes;
      return other;
    }
    const branches = internals.streams.tee(this.asStream(), true);
    this.stream = branches[0];
    other.stream = branches[1];
    this.native = this.text = this.bytes = undefined;
    return other;
  }

  // Moves the contents to a new body, and leaves this one used up. This one must be usable.
  move() {
    const other = new Body();
    if (this.isPlain) {
      other.text = this.text;
      other.bytes = this.bytes;
      other.exclusive = this.exclusive;
      this.consumed = true;
      if (this.stream !== undefined) useUp(this.stream);
      return other;
    }
    const parts = this.forHost();
    if (parts.stream !== null) other.stream = relay(parts.stream);
    else other.native = parts.native;
    return other;
  }

  // Uses the body up for the host: { bytes, native, stream }, one of which is set, and how many bytes a stream gives, if
  // that is known.
  forHost() {
    const parts = { __proto__: null, bytes: null, native: undefined, stream: null, streamLength: undefined };
    const { stream } = this;
    if (this.isPlain) {
      parts.bytes = this.plainBytes();
    } else if (stream === undefined) {
      parts.native = this.native;
    } else {
      parts.native = untouchedNative(stream);
      if (parts.native === undefined) {
        parts.stream = stream;
        parts.streamLength = stream.controller.source?.knownLength;
        return parts;
      }
    }
    this.consumed = true;
    if (stream !== undefined) useUp(stream);
    return parts;
  }
}
isolate(Body);
bodies.Body = Body;

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

bodies.fromHost = (rid) => {
  const body = new Body();
  body.native = new NativeBody(rid);
  return body;
};

bodies.ofText = (text) => {
  const body = new Body();
  body.text = text;
  return body;
};

bodies.ofBytes = (bytes) => {
  const body = new Body();
  body.bytes = bytes;
  return body;
};

// The text of a body of text, without the byte order mark that decoding its bytes would drop.
bodies.decodedText = (text) =>
  StringPrototypeCharCodeAt(text, 0) === 0xfeff ? StringPrototypeSlice(text, 1) : text;

// BodyInit of Fetch: the body, and the Content-Type that goes with it or null. There is no object of a unit's that has
// not been loaded.
bodies.extract = (init, prefix, context) => {
  const body = new Body();
  let type = null;
  if (!webidl.isObject(init)) {
    body.text = USVString(init, prefix, context);
    type = "text/plain;charset=UTF-8";
  } else if (ifLoaded("streams")?.isReadableStream(init)) {
    const stream = internals.streams.readableCoreOf(init, prefix);
    if (stream.disturbed || stream.locked) {
      throw new TypeError(`${prefix}: ${context} is a stream that has been read from or is locked`);
    }
    body.stream = stream;
  } else if (ifLoaded("blobs")?.isBlob(init)) {
    const { blobs } = internals;
    body.bytes = blobs.bytesOf(init);
    if (blobs.typeOf(init) !== "") type = blobs.typeOf(init);
  } else if (ifLoaded("formData")?.isFormData(init)) {
    const encoded = internals.formData.encode(init);
    body.bytes = encoded.bytes;
    body.exclusive = true;
    type = encoded.type;
  } else if (ifLoaded("searchParams")?.isParams(init)) {
    body.text = internals.searchParams.serialise(init);
    type = "application/x-www-form-urlencoded;charset=UTF-8";
  } else if (ArrayBufferIsView(init) || webidl.isArrayBuffer(init)) {
    body.bytes = webidl.copyOfBytes(BufferSource(init, prefix, context));
    body.exclusive = true;
  } else {
    body.text = USVString(init, prefix, context);
    type = "text/plain;charset=UTF-8";
  }
  return { __proto__: null, body, type };
};
