// Of the algorithms that "Modern Algorithms in the Web Cryptography API" adds: ChaCha20-Poly1305, KMAC and cSHAKE. A key's
// material is the key.

const { MathCeil, TypedArrayPrototypeGetLength: lengthOf, TypeError, Uint8Array } = internals.prim;

const operationError = (message) => internals.domException(message, "OperationError");
const dataError = (message) => internals.domException(message, "DataError");

const noBytes = new Uint8Array(0);

// What keys of all these algorithms have in common: `kinds` says which bits a key may have, its usages, and the `alg`
// and `use` of JSON Web Keys.
const importKey = (kind) => (format, given, parameters, extractable, usages) => {
  const { cryptoJwk: jwk, cryptoKeys: keys } = internals;
  keys.checkUsages(usages, kind.usages);
  let material = given;
  if (format === "jwk") {
    jwk.checkType(given, "oct");
    material = jwk.bytes(given, "k");
    jwk.checkAlgorithm(given, kind.alg);
    jwk.checkUse(given, kind.use, extractable, usages);
  } else if (format !== "raw") {
    throw internals.domException(`${parameters.name} keys cannot be imported as '${format}'`, "NotSupportedError");
  }
  const length = kind.lengthOf(lengthOf(material) * 8, parameters.length);
  const algorithm = keys.algorithm(parameters.name, { __proto__: null, length });
  return keys.imported("secret", algorithm, extractable, usages, material);
};

const exportKey = (kind) => (format, slots) => {
  const { cryptoJwk: jwk } = internals;
  if (format === "raw") return internals.webidl.copyOfBytes(slots.data);
  if (format !== "jwk") {
    throw internals.domException(`${slots.algorithm.name} keys cannot be exported as '${format}'`, "NotSupportedError");
  }
  const key = jwk.create("oct", slots);
  key.k = jwk.text(slots.data);
  key.alg = kind.alg;
  return key;
};

const generateKey = (kind) => ({ name, length = kind.bits }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  keys.checkUsages(usages, kind.usages);
  if (length === 0) throw operationError("'length' must not be 0");
  keys.checkNotEmpty(usages);
  const data = new Uint8Array(MathCeil(length / 8));
  native.randomFill(data);
  const algorithm = keys.algorithm(name, { __proto__: null, length: kind.hasLength ? length : undefined });
  return keys.whenDone(data, (material) => keys.secret(algorithm, extractable, usages, material));
};

const keysOf = (kind) => ({
  __proto__: null,
  rawFormat: "raw-secret",
  isModern: true,
  generateKey: generateKey(kind),
  importKey: importKey(kind),
  exportKey: exportKey(kind),
  getKeyLength({ length = kind.bits }) {
    if (length === 0) throw new TypeError("the derived key's 'length' must not be 0");
    return length;
  },
});

// --- ChaCha20-Poly1305 ---------------------------------------------------------------------------------

const chacha = {
  __proto__: null, bits: 256, hasLength: false, usages: ["encrypt", "decrypt", "wrapKey", "unwrapKey"], alg: "C20P",
  use: "enc",
  lengthOf(bits) {
    if (bits !== 256) throw dataError("a ChaCha20-Poly1305 key has 256 bits");
    return undefined;
  },
};

const aead = (direction) => ({ iv, additionalData = noBytes, tagLength = 128 }, { data }, input) => {
  if (lengthOf(iv) !== 12) throw operationError("'iv' must have 12 bytes");
  if (tagLength !== 128) throw operationError("'tagLength' must be 128");
  return native.chacha20Poly1305(direction, data, input, iv, additionalData);
};

// --- KMAC and cSHAKE -----------------------------------------------------------------------------------

// Bytes of an output, of which there are no more than the natives give.
const outputBytes = (outputLength) => {
  if (outputLength % 8 !== 0) throw operationError("'outputLength' must be a multiple of 8");
  return outputLength / 8;
};

const kmac = (name, bits, alg) => {
  const kind = {
    __proto__: null, bits, hasLength: true, usages: ["sign", "verify"], alg, use: "sig",
    lengthOf(found, given) {
      if (found === 0) throw dataError("the key is empty");
      if (given !== undefined && (given > found || given <= found - 8)) throw dataError("'length' does not fit the key");
      return given ?? found;
    },
  };
  return {
    __proto__: null,
    ...keysOf(kind),
    sign: ({ outputLength, customization = noBytes }, { data }, input) =>
      native.kmacSign(name, data, input, customization, outputBytes(outputLength)),
    verify: ({ outputLength, customization = noBytes }, { data }, signature, input) =>
      native.kmacVerify(name, data, input, customization, outputBytes(outputLength), signature),
  };
};

internals.cryptoModern = {
  __proto__: null,
  "ChaCha20-Poly1305": {
    __proto__: null, ...keysOf(chacha), encrypt: aead("encrypt"), decrypt: aead("decrypt"),
  },
  KMAC128: kmac("KMAC128", 128, "K128"),
  KMAC256: kmac("KMAC256", 256, "K256"),
  digest: ({ name, outputLength, functionName = noBytes, customization = noBytes }, input) =>
    native.cshake(name, functionName, input, customization, outputBytes(outputLength)),
};
