// AES-CBC, AES-CTR, AES-GCM and AES-KW. A key's material is the key.

const { Uint8Array, TypedArrayPrototypeGetLength: lengthOf } = internals.prim;

const operationError = (message) => internals.domException(message, "OperationError");
const dataError = (message) => internals.domException(message, "DataError");

const isKeyLength = (bits) => bits === 128 || bits === 192 || bits === 256;
const noBytes = new Uint8Array(0);

const usagesOf = (name) =>
  (name === "AES-KW" ? ["wrapKey", "unwrapKey"] : ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);

const generateKey = ({ name, length }, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  keys.checkUsages(usages, usagesOf(name));
  if (!isKeyLength(length)) throw operationError("an AES key has 128, 192 or 256 bits");
  const data = new Uint8Array(length / 8);
  native.randomFill(data);
  return keys.whenDone(data, (material) => (
    keys.secret(keys.algorithm(name, { __proto__: null, length }), extractable, usages, material)
  ));
};

// The `alg` of a JSON Web Key: A128CBC and so on.
const algOf = (name, bits) => {
  const modes = { __proto__: null, "AES-CBC": "CBC", "AES-CTR": "CTR", "AES-GCM": "GCM", "AES-KW": "KW" };
  return `A${bits}${modes[name]}`;
};

const importKey = (format, data, { name }, extractable, usages) => {
  const { cryptoJwk: jwk, cryptoKeys: keys } = internals;
  keys.checkUsages(usages, usagesOf(name));
  let material = data;
  if (format === "jwk") {
    jwk.checkType(data, "oct");
    material = jwk.bytes(data, "k");
  } else if (format !== "raw") {
    throw internals.domException(`AES keys cannot be imported as '${format}'`, "NotSupportedError");
  }
  const length = lengthOf(material) * 8;
  if (!isKeyLength(length)) throw dataError("an AES key has 128, 192 or 256 bits");
  if (format === "jwk") {
    jwk.checkAlgorithm(data, algOf(name, length));
    jwk.checkUse(data, "enc", extractable, usages);
  }
  return keys.imported("secret", keys.algorithm(name, { __proto__: null, length }), extractable, usages, material);
};

const exportKey = (format, slots) => {
  const { cryptoJwk: jwk } = internals;
  if (format === "raw") return internals.webidl.copyOfBytes(slots.data);
  if (format !== "jwk") {
    throw internals.domException(`AES keys cannot be exported as '${format}'`, "NotSupportedError");
  }
  const key = jwk.create("oct", slots);
  key.k = jwk.text(slots.data);
  key.alg = algOf(slots.algorithm.name, slots.algorithm.length);
  return key;
};

const getKeyLength = ({ length }) => {
  if (!isKeyLength(length)) throw operationError("an AES key has 128, 192 or 256 bits");
  return length;
};

const common = { __proto__: null, rawFormat: "raw-secret", generateKey, importKey, exportKey, getKeyLength };

const cbc = (direction) => ({ iv }, { data }, input) => {
  if (lengthOf(iv) !== 16) throw operationError("'iv' must have 16 bytes");
  return native.aesCbc(direction, data, input, iv);
};

const ctr = ({ counter, length }, { data }, input) => {
  if (lengthOf(counter) !== 16) throw operationError("'counter' must have 16 bytes");
  if (length === 0 || length > 128) throw operationError("'length' must be from 1 to 128");
  return native.aesCtr("encrypt", data, input, counter, length);
};

const gcm = (direction) => ({ iv, additionalData = noBytes, tagLength = 128 }, { data }, input) => {
  if (tagLength !== 32 && tagLength !== 64 && (tagLength < 96 || tagLength > 128 || tagLength % 8 !== 0)) {
    throw operationError("'tagLength' must be 32, 64, 96, 104, 112, 120 or 128");
  }
  return native.aesGcm(direction, data, input, iv, additionalData, tagLength);
};

const kw = (direction) => (_parameters, { data }, input) => native.aesKw(direction, data, input);

internals.cryptoAes = {
  __proto__: null,
  "AES-CBC": { __proto__: null, ...common, encrypt: cbc("encrypt"), decrypt: cbc("decrypt") },
  "AES-CTR": { __proto__: null, ...common, encrypt: ctr, decrypt: ctr },
  "AES-GCM": { __proto__: null, ...common, encrypt: gcm("encrypt"), decrypt: gcm("decrypt") },
  "AES-KW": { __proto__: null, ...common, wrapKey: kw("encrypt"), unwrapKey: kw("decrypt") },
};
