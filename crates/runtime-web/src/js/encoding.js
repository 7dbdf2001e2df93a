// TextEncoder and TextDecoder, as the Encoding specification defines them. Labels, decoding and the handling of a
// byte order mark are native; a decoder that is in the middle of a stream is a native handle.

const {
  RangeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset,
  Uint8Array,
} = internals.prim;
const { webidl } = internals;
const { AllowSharedBufferSource, boolean, DOMString, USVString } = webidl.converters;
const toUint8Array = webidl.converters.Uint8Array;

class TextEncoder {
  #brand;

  constructor() {}

  get encoding() {
    this.#brand;
    return "utf-8";
  }

  encode(input = "") {
    this.#brand;
    return native.encodeUtf8(USVString(input, "Failed to execute 'encode' on 'TextEncoder'", "Argument 1"));
  }

  encodeInto(source, destination) {
    this.#brand;
    const prefix = "Failed to execute 'encodeInto' on 'TextEncoder'";
    webidl.requiredArguments(arguments.length, 2, prefix);
    source = USVString(source, prefix, "Argument 1");
    destination = toUint8Array(destination, prefix, "Argument 2");
    const counts = native.encodeUtf8Into(source, destination);
    return { read: counts[0], written: counts[1] };
  }
}
webidl.exposeInterface(TextEncoder);

const no = () => false;
const TextDecoderOptions = webidl.dictionary("TextDecoderOptions", [
  { key: "fatal", converter: boolean, defaultValue: no },
  { key: "ignoreBOM", converter: boolean, defaultValue: no },
]);
const TextDecodeOptions = webidl.dictionary("TextDecodeOptions", [
  { key: "stream", converter: boolean, defaultValue: no },
]);

const closed = -1;

class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  // The handle of the decoder in the middle of a stream. Handles belong to a request: one of an earlier request
  // is gone, and its half of a character with it.
  #handle = closed;
  #epoch = 0;

  constructor(label = "utf-8", options = undefined) {
    const prefix = "Failed to construct 'TextDecoder'";
    label = DOMString(label, prefix, "Argument 1");
    const converted = TextDecoderOptions(options, prefix, "Argument 2");
    const name = native.encodingName(label);
    if (name === undefined || name === "replacement") {
      throw new RangeError(`${prefix}: the encoding label '${label}' is not known`);
    }
    this.#encoding = name;
    this.#fatal = converted.fatal;
    this.#ignoreBOM = converted.ignoreBOM;
  }

  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }

  decode(input = undefined, options = undefined) {
    const prefix = "Failed to execute 'decode' on 'TextDecoder'";
    const open = this.#handle !== closed && this.#epoch === internals.requestEpoch.value;
    if (input !== undefined) AllowSharedBufferSource(input, prefix, "Argument 1");
    const stream = options === undefined ? false : TextDecodeOptions(options, prefix, "Argument 2").stream;
    const bytes = input === undefined ? empty() : webidl.bytesOf(input);
    if (!open) {
      if (!stream) {
        const text = native.decodeOnce(this.#encoding, bytes, this.#fatal, this.#ignoreBOM);
        if (text !== undefined) return text;
        // There is more of it than one call takes.
      }
      this.#handle = native.decoderOpen(this.#encoding, this.#fatal, this.#ignoreBOM);
      this.#epoch = internals.requestEpoch.value;
    }
    const handle = this.#handle;
    let keep = false;
    try {
      const text = decodePieces(handle, bytes, !stream);
      keep = stream;
      return text;
    } finally {
      if (!keep) {
        this.#handle = closed;
        native.decoderClose(handle);
      }
    }
  }
}

// A native call cannot be stopped, and some encodings take long: many bytes go in pieces.
const pieceLength = 1048576;

const decodePieces = (handle, bytes, isLast) => {
  const length = TypedArrayPrototypeGetByteLength(bytes);
  if (length <= pieceLength) return native.decoderPush(handle, bytes, isLast);
  const buffer = TypedArrayPrototypeGetBuffer(bytes);
  const offset = TypedArrayPrototypeGetByteOffset(bytes);
  let text = "";
  let start = 0;
  for (; length - start > pieceLength; start += pieceLength) {
    text += native.decoderPush(handle, new Uint8Array(buffer, offset + start, pieceLength), false);
  }
  return text + native.decoderPush(handle, new Uint8Array(buffer, offset + start, length - start), isLast);
};

const empty = () => new Uint8Array(0);
webidl.exposeInterface(TextDecoder);

// The text of bytes in the encoding of this name, without a byte order mark.
internals.decodeAll = (name, bytes) => {
  const text = native.decodeOnce(name, bytes, false, false);
  if (text !== undefined) return text;
  const handle = native.decoderOpen(name, false, false);
  try {
    return decodePieces(handle, bytes, true);
  } finally {
    native.decoderClose(handle);
  }
};
