// Crypto, SubtleCrypto and CryptoKey: random values and digests, as Web Cryptography defines them. There are no
// operations with keys yet, so that no CryptoKey can be made; the class is there for brand checks of libraries.

const {
  ArrayBufferIsView, PromiseReject, String, StringPrototypeToUpperCase, TypeError, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetLength, TypedArrayPrototypeGetSymbolToStringTag,
} = internals.prim;
const { webidl } = internals;
const { BufferSource, DOMString } = webidl.converters;

class CryptoKey {
  constructor(key = undefined) { webidl.checkIllegal(key); }
}
webidl.exposeInterface(CryptoKey);

const digests = { __proto__: null, "SHA-1": true, "SHA-256": true, "SHA-384": true, "SHA-512": true, MD5: true };

// Normalises an AlgorithmIdentifier for digest.
const digestName = (algorithm, prefix) => {
  let name;
  if (webidl.isObject(algorithm)) {
    if (algorithm.name === undefined) throw new TypeError(`${prefix}: Argument 1 has no member 'name'`);
    name = DOMString(algorithm.name, prefix, "Argument 1, member 'name',");
  } else {
    name = DOMString(algorithm, prefix, "Argument 1");
  }
  const known = StringPrototypeToUpperCase(name);
  if (digests[known] !== true) {
    throw internals.domException(`${prefix}: the algorithm '${name}' is not supported`, "NotSupportedError");
  }
  return known;
};

class SubtleCrypto {
  #brand;
  constructor(key = undefined) { webidl.checkIllegal(key); }

  // Web Cryptography reports every failure through the promise.
  digest(algorithm, data) {
    const prefix = "Failed to execute 'digest' on 'SubtleCrypto'";
    try {
      this.#brand;
      webidl.requiredArguments(arguments.length, 2, prefix);
      data = BufferSource(data, prefix, "Argument 2");
      const name = digestName(algorithm, prefix);
      return native.digest(name, webidl.bytesOf(data));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  // Compares without giving away by its duration where the first difference is. As on Workers, not in the
  // specification.
  timingSafeEqual(a, b) {
    const prefix = "Failed to execute 'timingSafeEqual' on 'SubtleCrypto'";
    this.#brand;
    webidl.requiredArguments(arguments.length, 2, prefix);
    const left = webidl.bytesOf(BufferSource(a, prefix, "Argument 1"));
    const right = webidl.bytesOf(BufferSource(b, prefix, "Argument 2"));
    const length = TypedArrayPrototypeGetLength(left);
    if (length !== TypedArrayPrototypeGetLength(right)) {
      throw new TypeError(`${prefix}: the two buffers must have the same length`);
    }
    let difference = 0;
    for (let i = 0; i < length; i++) difference |= left[i] ^ right[i];
    return difference === 0;
  }
}
webidl.exposeInterface(SubtleCrypto);

const subtle = new SubtleCrypto(webidl.illegal);

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
    return subtle;
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
}
webidl.exposeInterface(Crypto);

internals.crypto = new Crypto(webidl.illegal);
