// Blob and File, as the File API defines them. A blob is a range of bytes that nobody writes to any more; a slice is
// another range of the same bytes. There are no blob URLs and no FileReader.
//
// In `internals.blobs`: `isBlob(v)`, `isFile(v)`, `bytesOf(blob)` (a view that must not be written to or handed to a
// guest), `typeOf(blob)`, `nameOf(file)`, and the makers `create(bytes, type)` and `createFile(bytes, name, type)`,
// which take the bytes over.

const {
  ArrayBufferIsView, DateNow, List, MathMax, MathMin, PromiseReject, PromiseResolve, StringPrototypeCharCodeAt,
  StringPrototypeReplaceAll, StringPrototypeToLowerCase, TypeError, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeSet, Uint8Array, isolate,
} = internals.prim;
const { webidl } = internals;
const { ArrayBufferView, DOMString, USVString, longLong, longLongClamp } = webidl.converters;

const blobs = { __proto__: null };
internals.blobs = blobs;

// Bytes per chunk of blob.stream().
const CHUNK = 65536;

const blobMembers = [
  { __proto__: null, key: "endings", converter: webidl.enumeration("EndingType", ["transparent", "native"]),
    defaultValue: () => "transparent" },
  { __proto__: null, key: "type", converter: DOMString, defaultValue: () => "" },
];
const blobOptions = webidl.dictionary("BlobPropertyBag", blobMembers);
const fileOptions = webidl.dictionary("FilePropertyBag", [
  { __proto__: null, key: "lastModified", converter: longLong },
], blobOptions);

// A blob part: a blob, a BufferSource or a string.
const blobPart = (value, prefix, context) => {
  if (webidl.isObject(value)) {
    if (blobs.isBlob(value) || webidl.isArrayBuffer(value)) return value;
    if (ArrayBufferIsView(value)) return ArrayBufferView(value, prefix, context);
  }
  return USVString(value, prefix, context);
};
const partSequence = webidl.sequence(blobPart);

const normaliseType = (type) => {
  for (let i = 0; i < type.length; i++) {
    const code = StringPrototypeCharCodeAt(type, i);
    if (code < 0x20 || code > 0x7e) return "";
  }
  return StringPrototypeToLowerCase(type);
};

blobs.normaliseType = normaliseType;

const lengthOf = TypedArrayPrototypeGetByteLength;

const range = (bytes, start, length) =>
  new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, length);

const copyOf = (bytes) => {
  const copy = new Uint8Array(lengthOf(bytes));
  TypedArrayPrototypeSet(copy, bytes);
  return copy;
};

// The line ending of this platform is LF.
const withNativeEndings = (text) =>
  StringPrototypeReplaceAll(StringPrototypeReplaceAll(text, "\r\n", "\n"), "\r", "\n");

// The parts joined. Every part is read before anything else can change it.
const joinParts = (parts, endings) => {
  const pieces = new List();
  let total = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    let piece;
    if (typeof part === "string") piece = native.encodeUtf8(endings === "native" ? withNativeEndings(part) : part);
    else if (blobs.isBlob(part)) piece = blobs.bytesOf(part);
    else piece = webidl.bytesOf(part);
    pieces.push(piece);
    total += lengthOf(piece);
  }
  const joined = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < pieces.length; i++) {
    TypedArrayPrototypeSet(joined, pieces[i], at);
    at += lengthOf(pieces[i]);
  }
  return joined;
};

// Bytes that are there already as the source of a byte stream.
class BytesSource {
  constructor(bytes) {
    this.bytes = bytes;
    this.position = 0;
    this.pulls = true;
  }

  start() {}

  pull(controller) {
    const length = MathMin(CHUNK, lengthOf(this.bytes) - this.position);
    if (length > 0) {
      const chunk = copyOf(range(this.bytes, this.position, length));
      this.position += length;
      controller.enqueueOwned(TypedArrayPrototypeGetBuffer(chunk), 0, length);
    }
    if (this.position === lengthOf(this.bytes)) internals.streams.closeByteStream(controller);
  }

  cancel() {
    this.bytes = new Uint8Array(0);
    this.position = 0;
  }
}
isolate(BytesSource);

// A byte stream of a copy of the bytes, chunk by chunk.
blobs.readableOfBytes = (bytes) => internals.streams.createReadableByteStream(new BytesSource(bytes));

const noParts = new List();
const noBytes = new Uint8Array(0);
const decode = (bytes) => native.decodeOnce("utf-8", bytes, false, false);
const illegal = () => PromiseReject(new TypeError("Illegal invocation"));

class Blob {
  #bytes;
  #type;

  constructor(blobParts = undefined, options = undefined) {
    if (blobParts === webidl.illegal) {
      this.#bytes = options.bytes;
      this.#type = options.type;
      return;
    }
    const prefix = "Failed to construct 'Blob'";
    const parts = blobParts === undefined ? noParts : partSequence(blobParts, prefix, "Argument 1");
    const bag = blobOptions(options, prefix, "Argument 2");
    this.#bytes = parts.length === 0 ? noBytes : joinParts(parts, bag.endings);
    this.#type = normaliseType(bag.type);
  }

  static {
    blobs.isBlob = (value) => webidl.isObject(value) && #bytes in value;
    blobs.bytesOf = (blob) => blob.#bytes;
    blobs.typeOf = (blob) => blob.#type;
  }

  get size() {
    return lengthOf(this.#bytes);
  }

  get type() {
    return this.#type;
  }

  slice(start = 0, end = undefined, contentType = "") {
    const prefix = "Failed to execute 'slice' on 'Blob'";
    const bytes = this.#bytes;
    const size = lengthOf(bytes);
    const clamp = (given, context) => {
      const position = longLongClamp(given, prefix, context);
      return position < 0 ? MathMax(size + position, 0) : MathMin(position, size);
    };
    const from = clamp(start, "Argument 1");
    const to = end === undefined ? size : clamp(end, "Argument 2");
    const type = normaliseType(DOMString(contentType, prefix, "Argument 3"));
    return blobs.create(range(bytes, from, MathMax(to - from, 0)), type);
  }

  stream() {
    return blobs.readableOfBytes(this.#bytes).object();
  }

  text() {
    if (!blobs.isBlob(this)) return illegal();
    return PromiseResolve(decode(this.#bytes));
  }

  arrayBuffer() {
    if (!blobs.isBlob(this)) return illegal();
    try {
      return PromiseResolve(TypedArrayPrototypeGetBuffer(copyOf(this.#bytes)));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  bytes() {
    if (!blobs.isBlob(this)) return illegal();
    try {
      return PromiseResolve(copyOf(this.#bytes));
    } catch (error) {
      return PromiseReject(error);
    }
  }
}
webidl.exposeInterface(Blob);

class File extends Blob {
  #name;
  #lastModified;

  constructor(fileBits, fileName, options = undefined) {
    const prefix = "Failed to construct 'File'";
    let made = fileName;
    if (fileBits !== webidl.illegal) {
      webidl.requiredArguments(arguments.length, 2, prefix);
      const parts = partSequence(fileBits, prefix, "Argument 1");
      const name = USVString(fileName, prefix, "Argument 2");
      const bag = fileOptions(options, prefix, "Argument 3");
      made = {
        __proto__: null, bytes: joinParts(parts, bag.endings), type: normaliseType(bag.type), name,
        lastModified: bag.lastModified,
      };
    }
    super(webidl.illegal, made);
    this.#name = made.name;
    this.#lastModified = made.lastModified === undefined ? DateNow() : made.lastModified;
  }

  static {
    blobs.isFile = (value) => webidl.isObject(value) && #name in value;
    blobs.nameOf = (file) => file.#name;
    blobs.lastModifiedOf = (file) => file.#lastModified;
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }
}
webidl.exposeInterface(File);

blobs.create = (bytes, type) => new Blob(webidl.illegal, { __proto__: null, bytes, type });

blobs.createFile = (bytes, name, type, lastModified = undefined) =>
  new File(webidl.illegal, { __proto__: null, bytes, name, type, lastModified });

webidl.serialisable(blobs.isFile, (file) => ({
  __proto__: null, bytes: copyOf(blobs.bytesOf(file)), type: blobs.typeOf(file), name: blobs.nameOf(file),
  lastModified: blobs.lastModifiedOf(file),
}), (parts) => blobs.createFile(parts.bytes, parts.name, parts.type, parts.lastModified));

webidl.serialisable(blobs.isBlob, (blob) => ({
  __proto__: null, bytes: copyOf(blobs.bytesOf(blob)), type: blobs.typeOf(blob),
}), (parts) => blobs.create(parts.bytes, parts.type));
