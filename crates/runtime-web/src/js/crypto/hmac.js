// HMAC. A key's material is the key; its length in bits may be a few less than its bytes have.

const { MathCeil, TypedArrayPrototypeGetLength: lengthOf, TypeError, Uint8Array } = internals.prim;

const dataError = (message) => internals.domException(message, "DataError");

const allowed = ["sign", "verify"];
// Bits of a block of each hash function.
const blockBits = {
  __proto__: null, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024, "SHA3-256": 1088,
  "SHA3-384": 832, "SHA3-512": 576,
};
const algOf = { __proto__: null, "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };

const algorithmOf = (hash, length) => internals.cryptoKeys.algorithm("HMAC", { __proto__: null, hash, length });

const HMAC = {
  __proto__: null,
  rawFormat: "raw-secret",

  generateKey({ hash, length = blockBits[hash] }, extractable, usages) {
    const { cryptoKeys: keys } = internals;
    keys.checkUsages(usages, allowed);
    if (length === 0) throw internals.domException("'length' must not be 0", "OperationError");
    keys.checkNotEmpty(usages);
    const data = new Uint8Array(MathCeil(length / 8));
    native.randomFill(data);
    return keys.whenDone(data, (material) => keys.secret(algorithmOf(hash, length), extractable, usages, material));
  },

  importKey(format, data, { hash, length }, extractable, usages) {
    const { cryptoJwk: jwk, cryptoKeys: keys } = internals;
    keys.checkUsages(usages, allowed);
    let material = data;
    if (format === "jwk") {
      jwk.checkType(data, "oct");
      material = jwk.bytes(data, "k");
      jwk.checkAlgorithm(data, algOf[hash]);
      jwk.checkUse(data, "sig", extractable, usages);
    } else if (format !== "raw") {
      throw internals.domException(`HMAC keys cannot be imported as '${format}'`, "NotSupportedError");
    }
    const bits = lengthOf(material) * 8;
    if (bits === 0) throw dataError("the key is empty");
    if (length !== undefined && (length > bits || length <= bits - 8)) {
      throw dataError("'length' does not fit the key");
    }
    return keys.imported("secret", algorithmOf(hash, length ?? bits), extractable, usages, material);
  },

  exportKey(format, slots) {
    const { cryptoJwk: jwk } = internals;
    if (format === "raw") return internals.webidl.copyOfBytes(slots.data);
    if (format !== "jwk") {
      throw internals.domException(`HMAC keys cannot be exported as '${format}'`, "NotSupportedError");
    }
    const key = jwk.create("oct", slots);
    key.k = jwk.text(slots.data);
    // There is none for SHA-3.
    const alg = algOf[slots.algorithm.hash];
    if (alg !== undefined) key.alg = alg;
    return key;
  },

  getKeyLength({ hash, length = blockBits[hash] }) {
    if (length === 0) throw new TypeError("the derived key's 'length' must not be 0");
    return length;
  },

  sign: (_parameters, { algorithm, data }, input) => native.hmacSign(algorithm.hash, data, input),

  verify: (_parameters, { algorithm, data }, signature, input) =>
    native.hmacVerify(algorithm.hash, data, input, signature),
};

internals.cryptoHmac = { __proto__: null, HMAC };
