// ECDSA and ECDH. A public key's material is an uncompressed point, a private one's the scalar with that point after
// it.

const {
  TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength: lengthOf,
  TypedArrayPrototypeSet, Uint8Array,
} = internals.prim;

const dataError = (message) => internals.domException(message, "DataError");

// Bytes of a coordinate, and the `alg` of JSON Web Keys.
const fieldBytes = { __proto__: null, "P-256": 32, "P-384": 48, "P-521": 66 };
const algOf = { __proto__: null, "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };
const usagesOf = {
  __proto__: null,
  ECDSA: { __proto__: null, public: ["verify"], private: ["sign"], use: "sig" },
  ECDH: { __proto__: null, public: [], private: ["deriveKey", "deriveBits"], use: "enc" },
};

const slice = (bytes, start, length) =>
  new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, length);

const pointOf = (curve, data) => slice(data, fieldBytes[curve], 2 * fieldBytes[curve] + 1);

const algorithmOf = (name, namedCurve) => internals.cryptoKeys.algorithm(name, { __proto__: null, namedCurve });

const generateKey = ({ name, namedCurve }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  const allowed = usagesOf[name];
  keys.checkPairUsages(usages, allowed);
  if (fieldBytes[namedCurve] === undefined) {
    throw internals.domException(`the curve '${namedCurve}' is not supported`, "NotSupportedError");
  }
  const privateUsages = keys.intersect(usages, allowed.private);
  keys.checkNotEmpty(privateUsages);
  return keys.whenDone(native.ecGenerate(namedCurve), (data) => keys.pair(
    algorithmOf(name, namedCurve), extractable, keys.intersect(usages, allowed.public), pointOf(namedCurve, data),
    privateUsages, data,
  ));
};

// The coordinates of a JSON Web Key as an uncompressed point.
const jwkPoint = (key, curve) => {
  const { cryptoJwk: jwk } = internals;
  const size = fieldBytes[curve];
  const x = jwk.bytes(key, "x");
  const y = jwk.bytes(key, "y");
  if (lengthOf(x) !== size || lengthOf(y) !== size) throw dataError("a coordinate has not the curve's length");
  const point = new Uint8Array(1 + 2 * size);
  point[0] = 4;
  TypedArrayPrototypeSet(point, x, 1);
  TypedArrayPrototypeSet(point, y, 1 + size);
  return point;
};

// The material of a JSON Web Key.
const importJwk = (key, type, name, curve, extractable, usages) => {
  const { cryptoJwk: jwk } = internals;
  jwk.checkType(key, "EC");
  jwk.checkUse(key, usagesOf[name].use, extractable, usages);
  if (key.crv !== curve || fieldBytes[curve] === undefined) throw dataError(`'crv' of the JSON Web Key must be '${curve}'`);
  if (name === "ECDSA") jwk.checkAlgorithm(key, algOf[curve]);
  const point = jwkPoint(key, curve);
  if (type === "public") return native.ecImport(curve, "raw", point);
  const data = native.ecImport(curve, "scalar", jwk.bytes(key, "d"));
  if (data !== undefined) jwk.checkPublicPart(point, pointOf(curve, data));
  return data;
};

const importBytes = (format, bytes, curve) => {
  if (fieldBytes[curve] === undefined) throw dataError(`the curve '${curve}' is not supported`);
  return native.ecImport(curve, format, bytes);
};

const importKey = (format, given, { name, namedCurve }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  const type = keys.typeToImport(format, given, usages, usagesOf[name]);
  const data = format === "jwk"
    ? importJwk(given, type, name, namedCurve, extractable, usages)
    : importBytes(format, given, namedCurve);
  if (data === undefined) throw dataError(`the bytes are not a key of the curve '${namedCurve}'`);
  return keys.imported(type, algorithmOf(name, namedCurve), extractable, usages, data);
};

const exportJwk = (slots) => {
  const { cryptoJwk: jwk } = internals;
  const { namedCurve } = slots.algorithm;
  const size = fieldBytes[namedCurve];
  const key = jwk.create("EC", slots);
  const point = slots.type === "private" ? pointOf(namedCurve, slots.data) : slots.data;
  key.crv = namedCurve;
  key.x = jwk.text(slice(point, 1, size));
  key.y = jwk.text(slice(point, 1 + size, size));
  if (slots.type === "private") key.d = jwk.text(slice(slots.data, 0, size));
  return key;
};

const exportKey = (format, slots) => {
  const { cryptoKeys: keys } = internals;
  if (format === "jwk") return exportJwk(slots);
  keys.checkFormat(slots, format);
  if (format === "raw") return internals.webidl.copyOfBytes(slots.data);
  return native.ecExport(slots.algorithm.namedCurve, format, slots.data);
};

const sign = ({ hash }, slots, input) => {
  internals.cryptoKeys.checkType(slots, "private");
  return native.ecSign(slots.algorithm.namedCurve, hash, slots.data, input);
};

const verify = ({ hash }, slots, signature, input) => {
  internals.cryptoKeys.checkType(slots, "public");
  return native.ecVerify(slots.algorithm.namedCurve, hash, slots.data, input, signature);
};

// The other side's key of an agreement; its slots.
const otherSide = (key, slots) => {
  const { cryptoKeys: keys } = internals;
  keys.checkType(slots, "private");
  const other = keys.slotsOf(key);
  keys.checkType(other, "public");
  if (other.algorithm.name !== slots.algorithm.name || other.algorithm.namedCurve !== slots.algorithm.namedCurve) {
    throw internals.domException("the two keys of the agreement are not of the same kind", "InvalidAccessError");
  }
  return other;
};

// The first bits of a secret, all of them if the length is null.
const firstBits = (secret, length) => {
  if (length === null) return secret;
  if (length > lengthOf(secret) * 8) {
    throw internals.domException("more bits are asked for than the secret has", "OperationError");
  }
  const bytes = internals.webidl.copyOfBytes(slice(secret, 0, (length + 7 - (length + 7) % 8) / 8));
  const odd = length % 8;
  if (odd !== 0) bytes[lengthOf(bytes) - 1] &= 0xff << (8 - odd);
  return bytes;
};

const deriveBits = ({ public: key }, slots, length) => {
  const other = otherSide(key, slots);
  return firstBits(native.ecAgree(slots.algorithm.namedCurve, slots.data, other.data), length);
};

const publicPart = ({ algorithm, data }) => internals.webidl.copyOfBytes(pointOf(algorithm.namedCurve, data));

const common = { __proto__: null, rawFormat: "raw-public", generateKey, importKey, exportKey, publicPart };
internals.cryptoElliptic = {
  __proto__: null,
  ECDSA: { __proto__: null, ...common, publicUsages: usagesOf.ECDSA.public, sign, verify },
  ECDH: { __proto__: null, ...common, publicUsages: usagesOf.ECDH.public, deriveBits },
  // For the other kind of curves.
  otherSide,
  firstBits,
};
