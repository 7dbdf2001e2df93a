// Crypto: random values, and the ways to SubtleCrypto and DigestStream.

const {
  ArrayBufferIsView, String, TypeError, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetSymbolToStringTag,
} = internals.prim;
const { webidl } = internals;

const integerArrays = {
  __proto__: null,
  Int8Array: true,
  Uint8Array: true,
  Uint8ClampedArray: true,
  Int16Array: true,
  Uint16Array: true,
  Int32Array: true,
  Uint32Array: true,
  BigInt64Array: true,
  BigUint64Array: true,
};
const quota = 65536;

class Crypto {
  #brand;
  constructor(key = undefined) { webidl.checkIllegal(key); }

  get subtle() {
    this.#brand;
    return internals.subtleCrypto;
  }

  getRandomValues(array) {
    const prefix = "Failed to execute 'getRandomValues' on 'Crypto'";
    this.#brand;
    webidl.requiredArguments(arguments.length, 1, prefix);
    if (!ArrayBufferIsView(array)) throw new TypeError(`${prefix}: Argument 1 is not an ArrayBufferView`);
    const kind = TypedArrayPrototypeGetSymbolToStringTag(array);
    if (kind === undefined || integerArrays[kind] !== true) {
      throw internals.domException(`${prefix}: Argument 1 is not an array of integers`, "TypeMismatchError");
    }
    const length = TypedArrayPrototypeGetByteLength(array);
    if (length > quota) {
      throw internals.domException(
        `${prefix}: ${String(length)} bytes were asked for, at most ${quota} are given`, "QuotaExceededError",
      );
    }
    native.randomFill(webidl.bytesOf(array));
    return array;
  }

  randomUUID() {
    this.#brand;
    return native.randomUUID();
  }

  // As on Workers, not in the specification.
  get DigestStream() {
    this.#brand;
    return internals.DigestStream;
  }
}
webidl.exposeInterface(Crypto);

internals.crypto = new Crypto(webidl.illegal);
