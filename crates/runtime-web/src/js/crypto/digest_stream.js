// crypto.DigestStream, as on Workers: a WritableStream that digests what is written to it.

const { BigInt, TypeError, TypedArrayPrototypeGetLength, newPromise, promiseMarkHandled, isolate } = internals.prim;
const { webidl, writables } = internals;

const prefix = "Failed to construct 'DigestStream'";

// What is digested of a chunk: bytes, or text as UTF-8.
const bytesOfChunk = (chunk) => {
  if (typeof chunk === "string") return native.encodeUtf8(chunk);
  return webidl.bytesOf(webidl.converters.BufferSource(chunk, "Failed to write to a DigestStream", "The chunk"));
};

class DigestSink {
  constructor(name) {
    // Only a request has digests in pieces, and only so many.
    this.id = native.hasherOpen(name);
    if (this.id === undefined) throw new TypeError(`${prefix}: there cannot be another one now`);
    const { promise, resolve, reject } = newPromise();
    promiseMarkHandled(promise);
    this.digest = promise;
    this.resolve = resolve;
    this.reject = reject;
    this.written = 0;
  }

  // The digest's end, without one.
  fail(error) {
    native.hasherClose(this.id);
    this.reject(error);
  }

  write(chunk) {
    try {
      const bytes = bytesOfChunk(chunk);
      if (!native.hasherUpdate(this.id, bytes)) throw new TypeError("the DigestStream is one of another request");
      this.written += TypedArrayPrototypeGetLength(bytes);
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  close() {
    const digest = native.hasherClose(this.id);
    if (digest === undefined) {
      const error = new TypeError("the DigestStream is one of another request");
      this.reject(error);
      throw error;
    }
    this.resolve(internals.cryptoKeys.bufferOf(digest));
  }

  abort(reason) {
    this.fail(reason);
  }
}
isolate(DigestSink);

class DigestStream extends writables.WritableStream {
  #sink;

  constructor(algorithm) {
    webidl.requiredArguments(arguments.length, 1, prefix);
    const { cryptoAlgorithms: algorithms } = internals;
    const identifier = algorithms.identifier(algorithm, prefix, "Argument 1");
    const { name } = algorithms.normalise("streamedDigest", identifier, prefix, "Argument 1");
    const sink = new DigestSink(name);
    super(webidl.illegal, writables.createWritable(sink));
    this.#sink = sink;
  }

  get digest() { return this.#sink.digest; }

  get bytesWritten() { return BigInt(this.#sink.written); }
}
webidl.exposeInterface(DigestStream, "DigestStream", { __proto__: null, exposed: false });

internals.DigestStream = DigestStream;
