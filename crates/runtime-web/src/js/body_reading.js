// Reading bodies to their end, for the methods of the mixin and the platform's own use.
//
// In `internals.bodyReading`: `read(partsOf, object, method, name)` is what the method of that name of the interface `name`
// gives; partsOf(object) does the brand check and gives { body, list }, the body being a Body of body.js or null.
// `readRecord(partsOf, object, prefix)` is the promise of { bytes }, `collect(body, done, fail)` what both are made of, and
// `notBytes()` the error for a chunk of another kind.

const {
  ArrayBufferPrototypeGetByteLength, JSONParse, List, PromisePrototypeThen, PromiseReject, PromiseResolve,
  StringPrototypeCharCodeAt, StringPrototypeSlice, TypeError, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetSymbolToStringTag, TypedArrayPrototypeSet, Uint8Array,
  isolate, promiseMarkHandled,
} = internals.prim;
const { Deferred } = internals.queues;

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

// --- Collecting ----------------------------------------------------------------------------------------

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

const notBytes = () =>
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
      const error = notBytes();
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

// Uses a body up that is not plain: `done` is called with its bytes, over memory that nobody else has, or `fail` with a
// reason. Neither may throw.
const collect = (body, done, fail) => {
  if (body.stream !== undefined) {
    new StreamCollector(body.stream, done, fail);
    return;
  }
  body.consumed = true;
  new NativeCollector(internals.hostBodies.of(body), done, fail);
};

// --- What methods make of the bytes --------------------------------------------------------------------

// The text of a body of text, without the byte order mark that decoding its bytes would drop.
const decodedText = (text) => (StringPrototypeCharCodeAt(text, 0) === 0xfeff ? StringPrototypeSlice(text, 1) : text);

const decode = (bytes) => native.decodeOnce("utf-8", bytes, false, false);

// Each conversion takes the bytes, whether they may be handed out as they are, and the header list.
const toText = (bytes) => decode(bytes);
const toJson = (bytes) => JSONParse(decode(bytes));

const toBytes = (bytes, exclusive) => {
  if (exclusive) return bytes;
  const copy = new Uint8Array(TypedArrayPrototypeGetByteLength(bytes));
  TypedArrayPrototypeSet(copy, bytes);
  return copy;
};

const toArrayBuffer = (bytes, exclusive) => {
  const own = toBytes(bytes, exclusive);
  const buffer = TypedArrayPrototypeGetBuffer(own);
  if (ArrayBufferPrototypeGetByteLength(buffer) === TypedArrayPrototypeGetByteLength(own)) return buffer;
  return TypedArrayPrototypeGetBuffer(toBytes(own, false));
};

const contentType = (list) => internals.mime.fromHeader(list.get("content-type"));

const toBlob = (bytes, exclusive, list) => {
  const type = contentType(list);
  return internals.blobs.create(toBytes(bytes, exclusive), type === null ? "" : internals.mime.serialise(type));
};

const toFormData = (bytes, exclusive, list) => {
  const type = contentType(list);
  if (type !== null && type.essence === "multipart/form-data") {
    const boundary = internals.mime.parameter(type, "boundary");
    if (boundary === undefined) throw new TypeError("the Content-Type multipart/form-data has no boundary");
    return internals.formData.parseMultipart(bytes, boundary);
  }
  if (type !== null && type.essence === "application/x-www-form-urlencoded") {
    // UTF-8 decode without BOM: a byte order mark belongs to the first name.
    return internals.formData.parseUrlencoded(native.decodeOnce("utf-8", bytes, false, true));
  }
  const found = type === null ? "no Content-Type" : `Content-Type ${type.essence}`;
  throw new TypeError(`a form is multipart/form-data or application/x-www-form-urlencoded, found ${found}`);
};

const conversions = {
  __proto__: null, arrayBuffer: toArrayBuffer, blob: toBlob, bytes: toBytes, formData: toFormData, json: toJson, text: toText,
};

// --- Reading -------------------------------------------------------------------------------------------

const consume = (parts, convert, prefix) => {
  const { body, list } = parts;
  if (body === null) return PromiseResolve(convert(new Uint8Array(0), true, list));
  if (body.failure !== undefined) {
    body.consumed = true;
    return PromiseReject(body.failure.reason);
  }
  if (body.unusable) {
    const why = body.used ? "has been read already: clone() it before the first read" : "is locked by a reader";
    return PromiseReject(new TypeError(`${prefix}: the body ${why}`));
  }
  if (body.stream === undefined && body.isPlain) {
    body.consumed = true;
    const { text } = body;
    if (text !== undefined) {
      if (convert === toText) return PromiseResolve(decodedText(text));
      if (convert === toJson) return PromiseResolve(JSONParse(decodedText(text)));
    }
    return PromiseResolve(convert(body.plainBytes(), body.exclusive, list));
  }
  const result = new Deferred();
  collect(body, (bytes) => {
    try {
      result.resolve(convert(bytes, true, list));
    } catch (error) {
      result.reject(error);
    }
  }, result.reject);
  return result.promise;
};

// What a guest calls never throws: everything is in the promise.
const attempt = (partsOf, object, convert, prefix) => {
  try {
    return consume(partsOf(object), convert, prefix);
  } catch (error) {
    return PromiseReject(error);
  }
};

// Bytes would be asked for the `then` that a guest may have put on their prototypes.
const toRecord = (bytes, exclusive) => ({ __proto__: null, bytes: toBytes(bytes, exclusive) });

const readRecord = (partsOf, object, prefix) => attempt(partsOf, object, toRecord, prefix);

const read = (partsOf, object, method, name) =>
  attempt(partsOf, object, conversions[method], `Failed to execute '${method}' on '${name}'`);

internals.bodyReading = { __proto__: null, collect, notBytes, read, readRecord };
