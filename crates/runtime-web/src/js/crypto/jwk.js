// JSON Web Keys: the dictionary, the checks that all kinds of keys share, and the way to and from text.

const {
  ArrayIsArray, JSONParse, JSONStringify, List, ReflectOwnKeys, ReflectSetPrototypeOf,
  TypedArrayPrototypeGetLength: lengthOf, defineValue,
} = internals.prim;
const { webidl } = internals;
const { DOMString, boolean } = webidl.converters;

const jwk = { __proto__: null };
internals.cryptoJwk = jwk;

const member = (key, converter) => ({ __proto__: null, key, converter });

const RsaOtherPrimesInfo = webidl.dictionary("RsaOtherPrimesInfo", [
  member("d", DOMString), member("r", DOMString), member("t", DOMString),
]);
// Of what JSON.parse has made: its arrays are not for iterating, because their iterator is the guest's.
const parsedKey = webidl.dictionary("JsonWebKey", [
  member("alg", DOMString), member("crv", DOMString), member("d", DOMString), member("dp", DOMString),
  member("dq", DOMString), member("e", DOMString), member("ext", boolean), member("k", DOMString),
  member("kty", DOMString), member("n", DOMString), member("p", DOMString), member("q", DOMString),
  member("qi", DOMString), member("use", DOMString), member("x", DOMString), member("y", DOMString),
]);
// Of a guest's object.
jwk.JsonWebKey = webidl.dictionary("JsonWebKey", [
  member("key_ops", webidl.sequence(DOMString)), member("oth", webidl.sequence(RsaOtherPrimesInfo)),
], parsedKey);

const dataError = (message) => internals.domException(message, "DataError");
jwk.dataError = dataError;

// The bytes of a member; it must be there.
jwk.bytes = (key, name) => {
  const text = key[name];
  if (text === undefined) throw dataError(`the JSON Web Key has no '${name}'`);
  const bytes = native.base64UrlDecode(text);
  if (bytes === undefined) throw dataError(`'${name}' of the JSON Web Key is not base64url`);
  return bytes;
};

jwk.text = (bytes) => native.base64UrlEncode(bytes);

const checkOperations = (operations, usages) => {
  for (let i = 0; i < operations.length; i++) {
    for (let j = 0; j < i; j++) {
      if (operations[i] === operations[j]) throw dataError("'key_ops' of the JSON Web Key has duplicates");
    }
  }
  for (let i = 0; i < usages.length; i++) {
    if (!internals.cryptoKeys.includes(operations, usages[i])) {
      throw dataError(`'key_ops' of the JSON Web Key has no '${usages[i]}'`);
    }
  }
};

// Checks what does not depend on the kind of key.
jwk.checkType = (key, kty) => {
  if (key.kty !== kty) throw dataError(`'kty' of the JSON Web Key must be '${kty}'`);
};

jwk.checkUse = (key, use, extractable, usages) => {
  if (usages.length > 0 && key.use !== undefined && key.use !== use) {
    throw dataError(`'use' of the JSON Web Key must be '${use}'`);
  }
  if (key.key_ops !== undefined) checkOperations(key.key_ops, usages);
  if (key.ext === false && extractable) throw dataError("the JSON Web Key says that it is not extractable");
};

jwk.checkAlgorithm = (key, alg) => {
  if (key.alg !== undefined && key.alg !== alg) throw dataError(`'alg' of the JSON Web Key must be '${alg}'`);
};

// What a JSON Web Key says of its public part must be what its private part gives.
jwk.checkPublicPart = (said, found) => {
  let isSame = lengthOf(said) === lengthOf(found);
  for (let i = 0; isSame && i < lengthOf(said); i++) isSame = said[i] === found[i];
  if (!isSame) throw dataError("the public part of the JSON Web Key does not belong to the private one");
};

// A key for export, with what all of them have.
jwk.create = (kty, slots) => {
  const key = { __proto__: null, kty };
  key.ext = slots.extractable;
  key.key_ops = slots.usages.copy();
  return key;
};

const sortedNames = (key) => {
  const names = internals.prim.listOf(ReflectOwnKeys(key));
  names.sort((a, b) => (a < b ? -1 : 1));
  return names;
};

// An object for a guest, with its members in the dictionary's order.
jwk.handOut = (key) => {
  const object = {};
  const names = sortedNames(key);
  for (let i = 0; i < names.length; i++) {
    const value = key[names[i]];
    defineValue(object, names[i], names[i] === "key_ops" ? value.handOut() : value);
  }
  return object;
};

jwk.stringify = (key) => {
  const sorted = { __proto__: null };
  const names = sortedNames(key);
  for (let i = 0; i < names.length; i++) sorted[names[i]] = key[names[i]];
  return native.encodeUtf8(JSONStringify(sorted));
};

jwk.parse = (bytes, prefix) => {
  let parsed;
  try {
    parsed = JSONParse(native.decodeOnce("utf-8", bytes, false, false));
  } catch {
    parsed = undefined;
  }
  if (!webidl.isObject(parsed)) throw dataError("the key is not a JSON Web Key");
  ReflectSetPrototypeOf(parsed, null);
  const key = parsedKey(parsed, prefix, "The wrapped key");
  if (key.kty === undefined) throw dataError("the JSON Web Key has no 'kty'");
  if (ArrayIsArray(parsed.key_ops)) {
    key.key_ops = new List();
    for (let i = 0; i < parsed.key_ops.length; i++) {
      key.key_ops.push(DOMString(parsed.key_ops[i], prefix, "'key_ops' of the wrapped key"));
    }
  }
  key.oth = parsed.oth;
  return key;
};
