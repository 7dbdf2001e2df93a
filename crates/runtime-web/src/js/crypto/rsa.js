// RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP. A key's material is the key as PKCS#1 has it.

const { MathClz32, ReflectApply, TypedArrayPrototypeGetLength: lengthOf, Uint8Array } = internals.prim;

const dataError = (message) => internals.domException(message, "DataError");

const signing = { __proto__: null, public: ["verify"], private: ["sign"], use: "sig" };
const usagesOf = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": signing,
  "RSA-PSS": signing,
  "RSA-OAEP": {
    __proto__: null, public: ["encrypt", "wrapKey"], private: ["decrypt", "unwrapKey"], use: "enc",
  },
};

// The `alg` of a JSON Web Key.
const algs = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": {
    __proto__: null, "SHA-1": "RS1", "SHA-256": "RS256", "SHA-384": "RS384", "SHA-512": "RS512",
  },
  "RSA-PSS": { __proto__: null, "SHA-1": "PS1", "SHA-256": "PS256", "SHA-384": "PS384", "SHA-512": "PS512" },
  "RSA-OAEP": {
    __proto__: null, "SHA-1": "RSA-OAEP", "SHA-256": "RSA-OAEP-256", "SHA-384": "RSA-OAEP-384",
    "SHA-512": "RSA-OAEP-512",
  },
};

const algorithmOf = (name, hash, modulusLength, publicExponent) =>
  internals.cryptoKeys.algorithm(name, { __proto__: null, hash, modulusLength, publicExponent });

const generateKey = ({ name, hash, modulusLength, publicExponent }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  const allowed = usagesOf[name];
  keys.checkPairUsages(usages, allowed);
  native.rsaAccepts(modulusLength, publicExponent);
  const privateUsages = keys.intersect(usages, allowed.private);
  keys.checkNotEmpty(privateUsages);
  return keys.whenDone(native.rsaGenerate(modulusLength, publicExponent), (data) => keys.pair(
    algorithmOf(name, hash, modulusLength, publicExponent), extractable, keys.intersect(usages, allowed.public),
    native.rsaExport("public", data), privateUsages, data,
  ));
};

// The numbers of a private key in the order in which the natives have them.
const privateNames = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

// The material of a JSON Web Key.
const importJwk = (key, type, name, hash, extractable, usages) => {
  const { cryptoJwk: jwk } = internals;
  jwk.checkType(key, "RSA");
  jwk.checkUse(key, usagesOf[name].use, extractable, usages);
  jwk.checkAlgorithm(key, algs[name][hash]);
  if (key.oth !== undefined) {
    throw internals.domException("RSA keys of more than two primes are not supported", "NotSupportedError");
  }
  const count = type === "public" ? 2 : privateNames.length;
  const parts = new internals.prim.List();
  for (let i = 0; i < count; i++) parts.push(jwk.bytes(key, privateNames[i]));
  return ReflectApply(native.rsaFromParts, undefined, parts);
};

const checkFormat = (format, done) => {
  if (format !== "spki" && format !== "pkcs8" && format !== "jwk") {
    throw internals.domException(`RSA keys cannot be ${done} as '${format}'`, "NotSupportedError");
  }
};

const importKey = (format, given, { name, hash }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  checkFormat(format, "imported");
  const type = keys.typeToImport(format, given, usages, usagesOf[name]);
  const data = format === "jwk"
    ? importJwk(given, type, name, hash, extractable, usages)
    : native.rsaImport(format, given);
  if (data === undefined) throw dataError("the data are not an RSA key of 1024 to 8192 bits");
  const parts = native.rsaParts(data);
  const modulusLength = lengthOf(parts[0]) * 8 - MathClz32(parts[0][0]) + 24;
  const algorithm = algorithmOf(name, hash, modulusLength, new Uint8Array(parts[1]));
  return keys.imported(type, algorithm, extractable, usages, data);
};

const exportJwk = (slots) => {
  const { cryptoJwk: jwk } = internals;
  const { name, hash } = slots.algorithm;
  const key = jwk.create("RSA", slots);
  // There is none for SHA-3.
  const alg = algs[name][hash];
  if (alg !== undefined) key.alg = alg;
  const parts = native.rsaParts(slots.data);
  for (let i = 0; i < parts.length; i++) key[privateNames[i]] = jwk.text(parts[i]);
  return key;
};

const exportKey = (format, slots) => {
  checkFormat(format, "exported");
  if (format === "jwk") return exportJwk(slots);
  internals.cryptoKeys.checkFormat(slots, format);
  return native.rsaExport(format, slots.data);
};

const sign = ({ saltLength }, slots, input) => {
  internals.cryptoKeys.checkType(slots, "private");
  return native.rsaSign(slots.algorithm.hash, slots.data, input, saltLength);
};

const verify = ({ saltLength }, slots, signature, input) => {
  internals.cryptoKeys.checkType(slots, "public");
  return native.rsaVerify(slots.algorithm.hash, slots.data, input, saltLength, signature);
};

const encrypt = ({ label }, slots, input) => {
  internals.cryptoKeys.checkType(slots, "public");
  return native.rsaEncrypt(slots.algorithm.hash, slots.data, input, label);
};

const decrypt = ({ label }, slots, input) => {
  internals.cryptoKeys.checkType(slots, "private");
  return native.rsaDecrypt(slots.algorithm.hash, slots.data, input, label);
};

const common = {
  __proto__: null, generateKey, importKey, exportKey, publicPart: ({ data }) => native.rsaExport("public", data),
};
const publicSigning = signing.public;
internals.cryptoRsa = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": { __proto__: null, ...common, publicUsages: publicSigning, sign, verify },
  "RSA-PSS": { __proto__: null, ...common, publicUsages: publicSigning, sign, verify },
  "RSA-OAEP": { __proto__: null, ...common, publicUsages: usagesOf["RSA-OAEP"].public, encrypt, decrypt },
};
