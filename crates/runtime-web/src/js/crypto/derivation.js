// HKDF and PBKDF2. A key's material is the secret, or the password; it never gets out.

const operationError = (message) => internals.domException(message, "OperationError");

const allowed = ["deriveKey", "deriveBits"];

const importer = (name) => (format, data, _parameters, extractable, usages) => {
  const { cryptoKeys: keys } = internals;
  if (format !== "raw") {
    throw internals.domException(`${name} keys cannot be imported as '${format}'`, "NotSupportedError");
  }
  keys.checkUsages(usages, allowed);
  if (extractable) throw internals.domException(`${name} keys must not be extractable`, "SyntaxError");
  return keys.imported("secret", keys.algorithm(name, { __proto__: null }), false, usages, data);
};

const bytesOf = (length) => {
  if (length === null || length % 8 !== 0) throw operationError("the length must be a multiple of 8 bits");
  return length / 8;
};

// How much is derived for a key of such an algorithm: as much as there is.
const getKeyLength = () => null;

internals.cryptoDerivation = {
  __proto__: null,
  HKDF: {
    __proto__: null,
    rawFormat: "raw-secret",
    importKey: importer("HKDF"),
    getKeyLength,
    deriveBits: ({ hash, salt, info }, { data }, length) => native.hkdf(hash, data, salt, info, bytesOf(length)),
  },
  PBKDF2: {
    __proto__: null,
    rawFormat: "raw-secret",
    importKey: importer("PBKDF2"),
    getKeyLength,
    deriveBits({ hash, salt, iterations }, { data }, length) {
      const bytes = bytesOf(length);
      if (iterations === 0) throw operationError("'iterations' must not be 0");
      return native.pbkdf2(hash, data, salt, iterations, bytes);
    },
  },
};
