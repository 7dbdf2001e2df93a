// SubtleCrypto: conversions of arguments and the checks that come before each operation, in the specification's
// order. Every failure is reported through the promise.

const {
  ArrayBufferIsView, TypeError, TypedArrayPrototypeGetLength,
} = internals.prim;
const { webidl } = internals;
const { BufferSource, boolean, unsignedLong } = webidl.converters;

const formats = webidl.enumeration("KeyFormat", [
  "raw-public", "raw-private", "raw-seed", "raw-secret", "raw", "spki", "pkcs8", "jwk",
]);
const cryptoKey = webidl.interfaceType("CryptoKey", (value) => internals.cryptoKeys.isKey(value));
const lengthInBits = webidl.nullable(unsignedLong);

const isBuffer = (value) => webidl.isArrayBuffer(value) || ArrayBufferIsView(value);
const keyData = (value, prefix, context) =>
  (isBuffer(value)
    ? BufferSource(value, prefix, context)
    : internals.cryptoJwk.JsonWebKey(value, prefix, context));

const rejecting = (run) => {
  try {
    return run();
  } catch (error) {
    return internals.cryptoKeys.soon(() => { throw error; });
  }
};

const notSupported = (message) => internals.domException(message, "NotSupportedError");

// The format as the implementation of an algorithm knows it. Keys that have a raw format have a second name for it,
// which says what is in it; those of later algorithms have only that.
const formatOf = (name, format) => {
  const { rawFormat, isModern = false } = internals.cryptoAlgorithms.implementation(name);
  if (format === rawFormat) return "raw";
  if (format === "spki" || format === "pkcs8" || format === "jwk" || (format === "raw" && !isModern)) return format;
  throw notSupported(`${name} keys have no format '${format}'`);
};

// What an implementation exports: bytes, or a JSON Web Key.
const exported = (format, slots, prefix) => {
  const { name } = slots.algorithm;
  const { exportKey } = internals.cryptoAlgorithms.implementation(name);
  if (exportKey === undefined) throw notSupported(`${prefix}: ${name} keys cannot be exported`);
  if (!slots.extractable) {
    throw internals.domException(`${prefix}: the key is not extractable`, "InvalidAccessError");
  }
  return exportKey(formatOf(name, format), slots);
};

// A key of bytes or a JSON Web Key.
const imported = (format, data, parameters, extractable, usages) => {
  const { importKey } = internals.cryptoAlgorithms.implementation(parameters.name);
  return importKey(formatOf(parameters.name, format), data, parameters, extractable, usages);
};

// The parameters for wrapping or unwrapping: of the operation itself, or else of encryption or decryption.
const wrapParameters = (operation, otherwise, algorithm, prefix, context) => {
  const { normalise } = internals.cryptoAlgorithms;
  try {
    return normalise(operation, algorithm, prefix, context);
  } catch {
    return normalise(otherwise, algorithm, prefix, context);
  }
};

class SubtleCrypto {
  #brand;
  constructor(key = undefined) { webidl.checkIllegal(key); }

  encrypt(algorithm, key, data) {
    return rejecting(() => {
      const prefix = "Failed to execute 'encrypt' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 3, prefix);
      return cipher(prefix, "encrypt", algorithm, key, data);
    });
  }

  decrypt(algorithm, key, data) {
    return rejecting(() => {
      const prefix = "Failed to execute 'decrypt' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 3, prefix);
      return cipher(prefix, "decrypt", algorithm, key, data);
    });
  }

  sign(algorithm, key, data) {
    return rejecting(() => {
      const prefix = "Failed to execute 'sign' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 3, prefix);
      return cipher(prefix, "sign", algorithm, key, data);
    });
  }

  verify(algorithm, key, signature, data) {
    return rejecting(() => {
      const prefix = "Failed to execute 'verify' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 4, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      algorithm = algorithms.identifier(algorithm, prefix, "Argument 1");
      key = cryptoKey(key, prefix, "Argument 2");
      signature = BufferSource(signature, prefix, "Argument 3");
      data = BufferSource(data, prefix, "Argument 4");
      const parameters = algorithms.normalise("verify", algorithm, prefix, "Argument 1");
      const slots = keys.usable(key, parameters.name, "verify");
      const { verify } = algorithms.implementation(parameters.name);
      const verified = verify(parameters, slots, webidl.bytesOf(signature), webidl.bytesOf(data));
      return keys.whenDone(verified, keys.same);
    });
  }

  digest(algorithm, data) {
    return rejecting(() => {
      const prefix = "Failed to execute 'digest' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 2, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      algorithm = algorithms.identifier(algorithm, prefix, "Argument 1");
      data = BufferSource(data, prefix, "Argument 2");
      const parameters = algorithms.normalise("digest", algorithm, prefix, "Argument 1");
      const bytes = webidl.bytesOf(data);
      const digest = parameters.outputLength === undefined
        ? native.digest(parameters.name, bytes)
        : internals.cryptoModern.digest(parameters, bytes);
      return keys.whenDone(digest, keys.bufferOf);
    });
  }

  generateKey(algorithm, extractable, keyUsages) {
    return rejecting(() => {
      const prefix = "Failed to execute 'generateKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 3, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      algorithm = algorithms.identifier(algorithm, prefix, "Argument 1");
      extractable = boolean(extractable);
      keyUsages = keys.usageList(keyUsages, prefix, "Argument 3");
      const parameters = algorithms.normalise("generateKey", algorithm, prefix, "Argument 1");
      return algorithms.implementation(parameters.name).generateKey(parameters, extractable, keyUsages);
    });
  }

  deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    return rejecting(() => {
      const prefix = "Failed to execute 'deriveKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 5, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      algorithm = algorithms.identifier(algorithm, prefix, "Argument 1");
      baseKey = cryptoKey(baseKey, prefix, "Argument 2");
      derivedKeyType = algorithms.identifier(derivedKeyType, prefix, "Argument 3");
      extractable = boolean(extractable);
      keyUsages = keys.usageList(keyUsages, prefix, "Argument 5");
      const parameters = algorithms.normalise("deriveBits", algorithm, prefix, "Argument 1");
      const importing = algorithms.normalise("importKey", derivedKeyType, prefix, "Argument 3");
      const sizing = algorithms.normalise("getKeyLength", derivedKeyType, prefix, "Argument 3");
      const slots = keys.usable(baseKey, parameters.name, "deriveKey");
      const length = algorithms.implementation(sizing.name).getKeyLength(sizing);
      const derived = algorithms.implementation(parameters.name).deriveBits(parameters, slots, length);
      return keys.whenDone(derived, (bits) => imported("raw-secret", bits, importing, extractable, keyUsages));
    });
  }

  deriveBits(algorithm, baseKey, length = null) {
    return rejecting(() => {
      const prefix = "Failed to execute 'deriveBits' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 2, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      algorithm = algorithms.identifier(algorithm, prefix, "Argument 1");
      baseKey = cryptoKey(baseKey, prefix, "Argument 2");
      const bits = lengthInBits(length, prefix, "Argument 3");
      const parameters = algorithms.normalise("deriveBits", algorithm, prefix, "Argument 1");
      const slots = keys.usable(baseKey, parameters.name, "deriveBits");
      const derived = algorithms.implementation(parameters.name).deriveBits(parameters, slots, bits);
      return keys.whenDone(derived, keys.bufferOf);
    });
  }

  importKey(format, keyData_, algorithm, extractable, keyUsages) {
    return rejecting(() => {
      const prefix = "Failed to execute 'importKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 5, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      format = formats(format, prefix, "Argument 1");
      const data = keyData(keyData_, prefix, "Argument 2");
      algorithm = algorithms.identifier(algorithm, prefix, "Argument 3");
      extractable = boolean(extractable);
      keyUsages = keys.usageList(keyUsages, prefix, "Argument 5");
      const parameters = algorithms.normalise("importKey", algorithm, prefix, "Argument 3");
      if (isBuffer(data) === (format === "jwk")) {
        const expected = format === "jwk" ? "a JSON Web Key" : "an ArrayBuffer or a view on one";
        throw new TypeError(`${prefix}: Argument 2 must be ${expected} for the format '${format}'`);
      }
      const material = format === "jwk" ? data : webidl.copyOfBytes(data);
      return keys.soon(() => imported(format, material, parameters, extractable, keyUsages));
    });
  }

  exportKey(format, key) {
    return rejecting(() => {
      const prefix = "Failed to execute 'exportKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 2, prefix);
      format = formats(format, prefix, "Argument 1");
      key = cryptoKey(key, prefix, "Argument 2");
      const { cryptoJwk: jwk, cryptoKeys: keys } = internals;
      return keys.soon(() => {
        const result = exported(format, keys.slotsOf(key), prefix);
        return format === "jwk" ? jwk.handOut(result) : keys.bufferOf(result);
      });
    });
  }

  getPublicKey(key, keyUsages) {
    return rejecting(() => {
      const prefix = "Failed to execute 'getPublicKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 2, prefix);
      const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
      key = cryptoKey(key, prefix, "Argument 1");
      keyUsages = keys.usageList(keyUsages, prefix, "Argument 2");
      const slots = keys.slotsOf(key);
      const { name } = slots.algorithm;
      const { publicUsages, publicPart } = algorithms.implementation(name);
      if (publicPart === undefined) throw notSupported(`${prefix}: ${name} keys have no public part`);
      keys.checkType(slots, "private");
      keys.checkUsages(keyUsages, publicUsages);
      return keys.soon(() => keys.imported("public", slots.algorithm, true, keyUsages, publicPart(slots)));
    });
  }

  wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    return rejecting(() => {
      const prefix = "Failed to execute 'wrapKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 4, prefix);
      const { cryptoAlgorithms: algorithms, cryptoJwk: jwk, cryptoKeys: keys } = internals;
      format = formats(format, prefix, "Argument 1");
      key = cryptoKey(key, prefix, "Argument 2");
      wrappingKey = cryptoKey(wrappingKey, prefix, "Argument 3");
      wrapAlgorithm = algorithms.identifier(wrapAlgorithm, prefix, "Argument 4");
      const parameters = wrapParameters("wrapKey", "encrypt", wrapAlgorithm, prefix, "Argument 4");
      const slots = keys.usable(wrappingKey, parameters.name, "wrapKey");
      const result = exported(format, keys.slotsOf(key), prefix);
      const bytes = format === "jwk" ? jwk.stringify(result) : result;
      const { encrypt, wrapKey = encrypt } = algorithms.implementation(parameters.name);
      return keys.whenDone(wrapKey(parameters, slots, bytes), keys.bufferOf);
    });
  }

  unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
    return rejecting(() => {
      const prefix = "Failed to execute 'unwrapKey' on 'SubtleCrypto'";
      this.#brand;
      webidl.requiredArguments(arguments.length, 7, prefix);
      const { cryptoAlgorithms: algorithms, cryptoJwk: jwk, cryptoKeys: keys } = internals;
      format = formats(format, prefix, "Argument 1");
      wrappedKey = BufferSource(wrappedKey, prefix, "Argument 2");
      unwrappingKey = cryptoKey(unwrappingKey, prefix, "Argument 3");
      unwrapAlgorithm = algorithms.identifier(unwrapAlgorithm, prefix, "Argument 4");
      unwrappedKeyAlgorithm = algorithms.identifier(unwrappedKeyAlgorithm, prefix, "Argument 5");
      extractable = boolean(extractable);
      keyUsages = keys.usageList(keyUsages, prefix, "Argument 7");
      const parameters = wrapParameters("unwrapKey", "decrypt", unwrapAlgorithm, prefix, "Argument 4");
      const importing = algorithms.normalise("importKey", unwrappedKeyAlgorithm, prefix, "Argument 5");
      const slots = keys.usable(unwrappingKey, parameters.name, "unwrapKey");
      const { decrypt, unwrapKey = decrypt } = algorithms.implementation(parameters.name);
      return keys.whenDone(unwrapKey(parameters, slots, webidl.bytesOf(wrappedKey)), (bytes) => {
        const material = format === "jwk" ? jwk.parse(bytes, prefix) : bytes;
        return imported(format, material, importing, extractable, keyUsages);
      });
    });
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

// Operations that take a key and bytes, and give bytes.
const cipher = (prefix, operation, algorithm, key, data) => {
  const { cryptoAlgorithms: algorithms, cryptoKeys: keys } = internals;
  algorithm = algorithms.identifier(algorithm, prefix, "Argument 1");
  key = cryptoKey(key, prefix, "Argument 2");
  data = BufferSource(data, prefix, "Argument 3");
  const parameters = algorithms.normalise(operation, algorithm, prefix, "Argument 1");
  const slots = keys.usable(key, parameters.name, operation);
  const result = algorithms.implementation(parameters.name)[operation](parameters, slots, webidl.bytesOf(data));
  return keys.whenDone(result, keys.bufferOf);
};

internals.subtleCrypto = new SubtleCrypto(webidl.illegal);
