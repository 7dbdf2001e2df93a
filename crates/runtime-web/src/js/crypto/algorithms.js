// Algorithms of Web Cryptography by name: which operations each supports, with which parameters, and the
// normalisation of what a guest gives as an algorithm. What the operations do is in the files of their families.

const { StringPrototypeCharCodeAt, StringPrototypeToUpperCase } = internals.prim;
const { webidl } = internals;
const { converters, dictionary } = webidl;

const algorithms = { __proto__: null };
internals.cryptoAlgorithms = algorithms;

// --- Parameters ----------------------------------------------------------------------------------------

// Buffers among the parameters are copied when they are read: what a guest does to them later has no effect.
const bytes = (value, prefix, context) => webidl.copyOfBytes(converters.BufferSource(value, prefix, context));
const bigInteger = (value, prefix, context) => {
  converters.ArrayBufferView(value, prefix, context);
  return webidl.copyOfBytes(converters.Uint8Array(value, prefix, context));
};
const hashName = (value, prefix, context) =>
  algorithms.normalise("hash", algorithms.identifier(value, prefix, context), prefix, context).name;
const key = webidl.interfaceType("CryptoKey", (value) => internals.cryptoKeys.isKey(value));

const required = (name, converter) => ({ __proto__: null, key: name, converter, required: true });
const optional = (name, converter) => ({ __proto__: null, key: name, converter });
const { octetEnforceRange: octet, unsignedLongEnforceRange: unsignedLong } = converters;
const { unsignedShortEnforceRange: unsignedShort } = converters;

const Algorithm = dictionary("Algorithm", [required("name", converters.DOMString)]);
const parameters = (name, members) => dictionary(name, members, Algorithm);

const hash = required("hash", hashName);
const AesKeyGenParams = parameters("AesKeyGenParams", [required("length", unsignedShort)]);
const AesDerivedKeyParams = parameters("AesDerivedKeyParams", [required("length", unsignedShort)]);
const AesCbcParams = parameters("AesCbcParams", [required("iv", bytes)]);
const AesCtrParams = parameters("AesCtrParams", [required("counter", bytes), required("length", octet)]);
const AesGcmParams = parameters("AesGcmParams", [
  required("iv", bytes), optional("additionalData", bytes), optional("tagLength", octet),
]);
const AeadParams = parameters("AeadParams", [
  required("iv", bytes), optional("additionalData", bytes), optional("tagLength", octet),
]);
const CShakeParams = parameters("CShakeParams", [
  required("outputLength", unsignedLong), optional("functionName", bytes), optional("customization", bytes),
]);
const KmacParams = parameters("KmacParams", [
  required("outputLength", unsignedLong), optional("customization", bytes),
]);
const KmacKeyParams = parameters("KmacKeyGenParams", [optional("length", unsignedLong)]);
const HmacImportParams = parameters("HmacImportParams", [hash, optional("length", unsignedLong)]);
const HmacKeyGenParams = parameters("HmacKeyGenParams", [hash, optional("length", unsignedLong)]);
const RsaKeyGenParams = dictionary("RsaKeyGenParams", [
  required("modulusLength", unsignedLong), required("publicExponent", bigInteger),
], Algorithm);
const RsaHashedKeyGenParams = dictionary("RsaHashedKeyGenParams", [hash], RsaKeyGenParams);
const RsaHashedImportParams = parameters("RsaHashedImportParams", [hash]);
const RsaPssParams = parameters("RsaPssParams", [required("saltLength", unsignedLong)]);
const RsaOaepParams = parameters("RsaOaepParams", [optional("label", bytes)]);
const EcKeyGenParams = parameters("EcKeyGenParams", [required("namedCurve", converters.DOMString)]);
const EcKeyImportParams = parameters("EcKeyImportParams", [required("namedCurve", converters.DOMString)]);
const EcdsaParams = parameters("EcdsaParams", [hash]);
const EcdhKeyDeriveParams = parameters("EcdhKeyDeriveParams", [required("public", key)]);
const HkdfParams = parameters("HkdfParams", [hash, required("salt", bytes), required("info", bytes)]);
const Pbkdf2Params = parameters("Pbkdf2Params", [
  required("salt", bytes), required("iterations", unsignedLong), hash,
]);

// --- The registry --------------------------------------------------------------------------------------

const upperCase = (name) => {
  for (let i = 0; i < name.length; i++) {
    // Other letters may become Latin ones, and would match names that they only look like.
    if (StringPrototypeCharCodeAt(name, i) > 127) return name;
  }
  return StringPrototypeToUpperCase(name);
};

// By name in upper case: the name as it is written, the unit that has the operations, and a converter of parameters
// for each operation.
const registry = { __proto__: null };
const define = (name, unit, operations) => {
  registry[upperCase(name)] = { __proto__: null, name, unit, operations };
};

const digest = { __proto__: null, digest: Algorithm, streamedDigest: Algorithm, hash: Algorithm };
define("SHA-1", undefined, digest);
define("SHA-256", undefined, digest);
define("SHA-384", undefined, digest);
define("SHA-512", undefined, digest);
define("SHA3-256", undefined, digest);
define("SHA3-384", undefined, digest);
define("SHA3-512", undefined, digest);
// As on Workers: good for checksums of old, and for nothing else here.
define("MD5", undefined, { __proto__: null, digest: Algorithm, streamedDigest: Algorithm });

const cshake = { __proto__: null, digest: CShakeParams };
define("cSHAKE128", undefined, cshake);
define("cSHAKE256", undefined, cshake);
const kmac = {
  __proto__: null, sign: KmacParams, verify: KmacParams, generateKey: KmacKeyParams, importKey: KmacKeyParams,
  getKeyLength: KmacKeyParams,
};
define("KMAC128", "cryptoModern", kmac);
define("KMAC256", "cryptoModern", kmac);
define("ChaCha20-Poly1305", "cryptoModern", {
  __proto__: null, encrypt: AeadParams, decrypt: AeadParams, generateKey: Algorithm, importKey: Algorithm,
  getKeyLength: Algorithm,
});

const aes = (params) => ({
  __proto__: null, encrypt: params, decrypt: params, generateKey: AesKeyGenParams, importKey: Algorithm,
  getKeyLength: AesDerivedKeyParams,
});
define("AES-CBC", "cryptoAes", aes(AesCbcParams));
define("AES-CTR", "cryptoAes", aes(AesCtrParams));
define("AES-GCM", "cryptoAes", aes(AesGcmParams));
define("AES-KW", "cryptoAes", {
  __proto__: null, wrapKey: Algorithm, unwrapKey: Algorithm, generateKey: AesKeyGenParams, importKey: Algorithm,
  getKeyLength: AesDerivedKeyParams,
});
define("HMAC", "cryptoHmac", {
  __proto__: null, sign: Algorithm, verify: Algorithm, generateKey: HmacKeyGenParams, importKey: HmacImportParams,
  getKeyLength: HmacImportParams,
});

const rsaKeys = { __proto__: null, generateKey: RsaHashedKeyGenParams, importKey: RsaHashedImportParams };
define("RSASSA-PKCS1-v1_5", "cryptoRsa", { __proto__: null, ...rsaKeys, sign: Algorithm, verify: Algorithm });
define("RSA-PSS", "cryptoRsa", { __proto__: null, ...rsaKeys, sign: RsaPssParams, verify: RsaPssParams });
define("RSA-OAEP", "cryptoRsa", { __proto__: null, ...rsaKeys, encrypt: RsaOaepParams, decrypt: RsaOaepParams });

define("ECDSA", "cryptoElliptic", {
  __proto__: null, sign: EcdsaParams, verify: EcdsaParams, generateKey: EcKeyGenParams, importKey: EcKeyImportParams,
});
define("ECDH", "cryptoElliptic", {
  __proto__: null, deriveBits: EcdhKeyDeriveParams, generateKey: EcKeyGenParams, importKey: EcKeyImportParams,
});
define("Ed25519", "cryptoOkp", {
  __proto__: null, sign: Algorithm, verify: Algorithm, generateKey: Algorithm, importKey: Algorithm,
});
define("X25519", "cryptoOkp", {
  __proto__: null, deriveBits: EcdhKeyDeriveParams, generateKey: Algorithm, importKey: Algorithm,
});

define("HKDF", "cryptoDerivation", {
  __proto__: null, deriveBits: HkdfParams, importKey: Algorithm, getKeyLength: Algorithm,
});
define("PBKDF2", "cryptoDerivation", {
  __proto__: null, deriveBits: Pbkdf2Params, importKey: Algorithm, getKeyLength: Algorithm,
});

// --- For the other files -------------------------------------------------------------------------------

// AlgorithmIdentifier: an object or a string.
algorithms.identifier = (value, prefix, context) =>
  (webidl.isObject(value) ? value : converters.DOMString(value, prefix, context));

const find = (operation, name) => {
  const entry = registry[upperCase(name)];
  return entry === undefined || entry.operations[operation] === undefined ? undefined : entry;
};

// The parameters of an algorithm for an operation, with its name as it is written in the specification. Reads the
// guest's object, which may run getters.
algorithms.normalise = (operation, identifier, prefix, context) => {
  const given = typeof identifier === "string" ? { __proto__: null, name: identifier } : identifier;
  const { name } = Algorithm(given, prefix, context);
  const entry = find(operation, name);
  if (entry === undefined) {
    throw internals.domException(`${prefix}: ${context}: '${name}' is not supported here`, "NotSupportedError");
  }
  const normalised = entry.operations[operation](given, prefix, context);
  normalised.name = entry.name;
  return normalised;
};

// What does the operations of an algorithm, by its name as written.
algorithms.implementation = (name) => internals[registry[upperCase(name)].unit][name];
