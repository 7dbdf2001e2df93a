// Bodies of requests and responses: what they are made of, and how they go to the host. The methods that a guest calls are
// in body_mixin.js.
//
// A body is bytes or text that is there already, a body of the host (a resource id) that nobody has looked at, or a
// stream. A body of the host becomes a stream only when `.body` is read; text() and the like take it from the host
// directly, and a body that is passed on untouched goes by its id, without its bytes entering the guest.
//
// In `internals.bodies`: class Body, `extract(init, prefix, context)` gives { body, type }, and the makers
// `fromHost(rid)`, `ofText(text)` and `ofBytes(bytes)`. What many requests do without is in files of its own: bodies as
// streams in body_streams.js, reading them in body_reading.js and host_bodies.js, writing their streams to the host in
// body_pump.js.

const { ArrayBufferIsView, TypeError, isolate } = internals.prim;
const { ifLoaded, requestEpoch, webidl } = internals;
const { USVString } = webidl.converters;

const bodies = { __proto__: null };
internals.bodies = bodies;

class Body {
  constructor() {
    this.text = undefined;
    this.bytes = undefined;
    // Whether `bytes` may be handed to a guest as they are.
    this.exclusive = false;
    // A body of the host's by its resource id, or -1. Ids belong to a request: one of an earlier request is gone.
    this.rid = -1;
    this.epoch = 0;
    // What reads it (see host_bodies.js), once somebody does.
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

  // Of a body of text or bytes.
  plainBytes() {
    if (this.bytes === undefined) {
      this.bytes = native.encodeUtf8(this.text);
      this.exclusive = true;
    }
    return this.bytes;
  }

  // The core of the stream that a guest sees as `.body`.
  asStream() {
    if (this.stream === undefined) this.stream = internals.bodyStreams.make(this);
    return this.stream;
  }

  // What the body was aborted with, as { reason }, or undefined.
  get failure() {
    return this.native === undefined ? undefined : this.native.failure;
  }

  // Uses the body up for the host: { bytes, source, stream }, one of which is set (the source is a resource id, or -1), and
  // how many bytes a stream gives, if that is known.
  forHost() {
    const parts = { __proto__: null, bytes: null, source: -1, stream: null, streamLength: undefined };
    const { stream } = this;
    if (this.isPlain) {
      parts.bytes = this.plainBytes();
    } else if (stream === undefined) {
      parts.source = this.rid;
    } else {
      const untouched = ifLoaded("bodyStreams")?.untouchedNative(stream);
      if (untouched === undefined) {
        parts.stream = stream;
        parts.streamLength = stream.controller.source?.knownLength;
        return parts;
      }
      parts.source = untouched.rid;
    }
    this.consumed = true;
    if (stream !== undefined) internals.bodyStreams.useUp(stream);
    return parts;
  }
}
isolate(Body);
bodies.Body = Body;

bodies.fromHost = (rid) => {
  const body = new Body();
  body.rid = rid;
  body.epoch = requestEpoch.value;
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
    body.bytes = webidl.copyOfBytes(webidl.converters.BufferSource(init, prefix, context));
    body.exclusive = true;
  } else {
    body.text = USVString(init, prefix, context);
    type = "text/plain;charset=UTF-8";
  }
  return { __proto__: null, body, type };
};
