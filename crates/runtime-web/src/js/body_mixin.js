// The Body mixin of Fetch: body, bodyUsed and the methods that read a body to its end, for Request and Response.
//
// `internals.bodies.mixin(constructor, name, partsOf)`: partsOf(object) does the brand check and gives
// { body, list }, the body being a Body of body.js or null. `internals.bodies.readRecord(partsOf, object, prefix)` is the
// promise of { bytes }, for the platform's own use.

const {
  ArrayBufferPrototypeGetByteLength, JSONParse, PromiseReject, PromiseResolve,
  ReflectDefineProperty, TypeError, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet, Uint8Array, ownDescriptor,
} = internals.prim;
const { bodies, queues } = internals;
const { Deferred } = queues;

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
      if (convert === toText) return PromiseResolve(bodies.decodedText(text));
      if (convert === toJson) return PromiseResolve(JSONParse(bodies.decodedText(text)));
    }
    return PromiseResolve(convert(body.plainBytes(), body.exclusive, list));
  }
  const result = new Deferred();
  body.collect((bytes) => {
    try {
      result.resolve(convert(bytes, true, list));
    } catch (error) {
      result.reject(error);
    }
  }, result.reject);
  return result.promise;
};

// What a guest calls never throws: everything is in the promise.
const read = (partsOf, object, convert, prefix) => {
  try {
    return consume(partsOf(object), convert, prefix);
  } catch (error) {
    return PromiseReject(error);
  }
};

// Bytes would be asked for the `then` that a guest may have put on their prototypes.
const toRecord = (bytes, exclusive) => ({ __proto__: null, bytes: toBytes(bytes, exclusive) });

bodies.readRecord = (partsOf, object, prefix) => read(partsOf, object, toRecord, prefix);

bodies.mixin = (constructor, name, partsOf) => {
  const prefix = (method) => `Failed to execute '${method}' on '${name}'`;
  const prefixes = {
    __proto__: null, arrayBuffer: prefix("arrayBuffer"), blob: prefix("blob"), bytes: prefix("bytes"),
    formData: prefix("formData"), json: prefix("json"), text: prefix("text"),
  };
  const members = {
    get body() {
      const { body } = partsOf(this);
      return body === null ? null : body.asStream().object();
    },
    get bodyUsed() {
      const { body } = partsOf(this);
      return body !== null && body.used;
    },
    arrayBuffer() { return read(partsOf, this, toArrayBuffer, prefixes.arrayBuffer); },
    blob() { return read(partsOf, this, toBlob, prefixes.blob); },
    bytes() { return read(partsOf, this, toBytes, prefixes.bytes); },
    formData() { return read(partsOf, this, toFormData, prefixes.formData); },
    json() { return read(partsOf, this, toJson, prefixes.json); },
    text() { return read(partsOf, this, toText, prefixes.text); },
  };
  const keys = ["body", "bodyUsed", "arrayBuffer", "blob", "bytes", "formData", "json", "text"];
  for (let i = 0; i < keys.length; i++) {
    ReflectDefineProperty(constructor.prototype, keys[i], ownDescriptor(members, keys[i]));
  }
};
