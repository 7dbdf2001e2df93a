// Ed25519 and X25519. A public key's material is its 32 bytes, a private one's 32 bytes with the public key's after
// them.

const { TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteOffset, Uint8Array } = internals.prim;

const dataError = (message) => internals.domException(message, "DataError");

const SIZE = 32;
const usagesOf = {
  __proto__: null,
  Ed25519: { __proto__: null, public: ["verify"], private: ["sign"], use: "sig" },
  X25519: { __proto__: null, public: [], private: ["deriveKey", "deriveBits"], use: "enc" },
};

const slice = (bytes, start) =>
  new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, SIZE);
const publicPart = (data) => slice(data, SIZE);
const privatePart = (data) => slice(data, 0);

const algorithmOf = (name) => internals.cryptoKeys.algorithm(name, { __proto__: null });

const generateKey = ({ name }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  const allowed = usagesOf[name];
  keys.checkPairUsages(usages, allowed);
  const privateUsages = keys.intersect(usages, allowed.private);
  keys.checkNotEmpty(privateUsages);
  return keys.whenDone(native.okpGenerate(name), (data) => keys.pair(
    algorithmOf(name), extractable, keys.intersect(usages, allowed.public), publicPart(data), privateUsages, data,
  ));
};

// The material of a JSON Web Key.
const importJwk = (key, type, name, extractable, usages) => {
  const { cryptoJwk: jwk } = internals;
  jwk.checkType(key, "OKP");
  if (key.crv !== name) throw dataError(`'crv' of the JSON Web Key must be '${name}'`);
  if (name === "Ed25519" && key.alg !== "EdDSA") jwk.checkAlgorithm(key, "Ed25519");
  jwk.checkUse(key, usagesOf[name].use, extractable, usages);
  const x = jwk.bytes(key, "x");
  if (type === "public") return native.okpImport(name, "raw", x);
  const data = native.okpImport(name, "scalar", jwk.bytes(key, "d"));
  if (data !== undefined) jwk.checkPublicPart(x, publicPart(data));
  return data;
};

const importKey = (format, given, { name }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  const type = keys.typeToImport(format, given, usages, usagesOf[name]);
  const data = format === "jwk"
    ? importJwk(given, type, name, extractable, usages)
    : native.okpImport(name, format, given);
  if (data === undefined) throw dataError(`the bytes are not an ${name} key`);
  return keys.imported(type, algorithmOf(name), extractable, usages, data);
};

const exportJwk = (slots) => {
  const { cryptoJwk: jwk } = internals;
  const key = jwk.create("OKP", slots);
  const isPrivate = slots.type === "private";
  key.crv = slots.algorithm.name;
  if (key.crv === "Ed25519") key.alg = "Ed25519";
  key.x = jwk.text(isPrivate ? publicPart(slots.data) : slots.data);
  if (isPrivate) key.d = jwk.text(privatePart(slots.data));
  return key;
};

const exportKey = (format, slots) => {
  const { cryptoKeys: keys } = internals;
  if (format === "jwk") return exportJwk(slots);
  keys.checkFormat(slots, format);
  if (format === "raw") return internals.webidl.copyOfBytes(slots.data);
  return native.okpExport(slots.algorithm.name, format, slots.data);
};

const sign = (_parameters, slots, input) => {
  internals.cryptoKeys.checkType(slots, "private");
  return native.ed25519Sign(slots.data, input);
};

const verify = (_parameters, slots, signature, input) => {
  internals.cryptoKeys.checkType(slots, "public");
  return native.ed25519Verify(slots.data, input, signature);
};

const deriveBits = ({ public: key }, slots, length) => {
  const { firstBits, otherSide } = internals.cryptoElliptic;
  const other = otherSide(key, slots);
  return firstBits(native.x25519Agree(slots.data, other.data), length);
};

const common = {
  __proto__: null, rawFormat: "raw-public", generateKey, importKey, exportKey,
  publicPart: ({ data }) => internals.webidl.copyOfBytes(publicPart(data)),
};
internals.cryptoOkp = {
  __proto__: null,
  Ed25519: { __proto__: null, ...common, publicUsages: usagesOf.Ed25519.public, sign, verify },
  X25519: { __proto__: null, ...common, publicUsages: usagesOf.X25519.public, deriveBits },
};
