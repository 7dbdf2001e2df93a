// TextEncoderStream and TextDecoderStream, as the Encoding specification defines them, on the platform's own
// transform streams. Decoding is native, through the same decoders that TextDecoder uses.

const {
  RangeError, StringPrototypeCharCodeAt, StringPrototypeSlice, Uint8Array, isolate,
} = internals.prim;
const { writables, webidl } = internals;
const { AllowSharedBufferSource, DOMString, boolean } = webidl.converters;

// Encodes chunk by chunk; the first half of a surrogate pair at a chunk's end waits for the next chunk.
class Encoder {
  constructor() {
    this.lead = "";
  }

  start() {}

  transform(chunk, controller) {
    const text = this.lead + DOMString(chunk, "TextEncoderStream", "A chunk");
    const last = StringPrototypeCharCodeAt(text, text.length - 1);
    let whole = text;
    this.lead = "";
    if (last >= 0xd800 && last <= 0xdbff) {
      this.lead = StringPrototypeSlice(text, text.length - 1);
      whole = StringPrototypeSlice(text, 0, text.length - 1);
    }
    if (whole.length > 0) controller.enqueue(native.encodeUtf8(whole));
  }

  flush(controller) {
    if (this.lead !== "") controller.enqueue(native.encodeUtf8(this.lead));
  }

  cancel() {}
}
isolate(Encoder);

class TextEncoderStream {
  #core = writables.createTransform(new Encoder());

  constructor() {}

  get encoding() {
    this.#core;
    return "utf-8";
  }

  get readable() {
    return this.#core.readable.object();
  }

  get writable() {
    return this.#core.writable.object();
  }
}
webidl.exposeInterface(TextEncoderStream);

const CLOSED = -1;

class Decoder {
  constructor(encoding, fatal, ignoreBOM) {
    this.encoding = encoding;
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
    // Handles belong to a request: one of an earlier request is gone.
    this.handle = CLOSED;
    this.epoch = 0;
  }

  start() {}

  transform(chunk, controller) {
    AllowSharedBufferSource(chunk, "TextDecoderStream", "A chunk");
    this.push(webidl.bytesOf(chunk), false, controller);
  }

  flush(controller) {
    if (this.isOpen()) this.push(new Uint8Array(0), true, controller);
  }

  cancel() {
    this.close();
  }

  isOpen() {
    return this.handle !== CLOSED && this.epoch === internals.requestEpoch.value;
  }

  close() {
    if (this.isOpen()) native.decoderClose(this.handle);
    this.handle = CLOSED;
  }

  push(bytes, last, controller) {
    if (!this.isOpen()) {
      this.handle = native.decoderOpen(this.encoding, this.fatal, this.ignoreBOM);
      this.epoch = internals.requestEpoch.value;
    }
    let keep = false;
    try {
      const text = native.decoderPush(this.handle, bytes, last);
      keep = !last;
      if (text !== "") controller.enqueue(text);
    } finally {
      if (!keep) this.close();
    }
  }
}
isolate(Decoder);

const no = () => false;
const decoderOptions = webidl.dictionary("TextDecoderOptions", [
  { __proto__: null, key: "fatal", converter: boolean, defaultValue: no },
  { __proto__: null, key: "ignoreBOM", converter: boolean, defaultValue: no },
]);

class TextDecoderStream {
  #core;
  #decoder;

  constructor(label = "utf-8", options = undefined) {
    const prefix = "Failed to construct 'TextDecoderStream'";
    const text = DOMString(label, prefix, "Argument 1");
    const { fatal, ignoreBOM } = decoderOptions(options, prefix, "Argument 2");
    const name = native.encodingName(text);
    if (name === undefined || name === "replacement") {
      throw new RangeError(`${prefix}: the encoding label '${text}' is not known`);
    }
    this.#decoder = new Decoder(name, fatal, ignoreBOM);
    this.#core = writables.createTransform(this.#decoder);
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return this.#core.readable.object();
  }

  get writable() {
    return this.#core.writable.object();
  }
}
webidl.exposeInterface(TextDecoderStream);
