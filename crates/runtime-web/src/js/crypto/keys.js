// CryptoKey, and what all kinds of keys have in common: their usages, and the material, which no guest can reach. Also
// the way in which answers of natives become results.
//
// The material is bytes, in the form that the natives of the key's family take. A key's `slots` are a null-prototype
// object of type, extractable, algorithm, usages and data; nothing of it changes after it was made.

const {
  List, ObjectSetPrototypeOf, PromisePrototypeThen, PromiseResolve, StringPrototypeIncludes, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetSymbolToStringTag, defineValue,
} = internals.prim;
const { webidl } = internals;

const keys = { __proto__: null };
internals.cryptoKeys = keys;

const allUsages = [
  "encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey",
];
keys.usageList = webidl.sequence(webidl.enumeration("KeyUsage", allUsages));

const includes = (list, item) => {
  for (let i = 0; i < list.length; i++) {
    if (list[i] === item) return true;
  }
  return false;
};
keys.includes = includes;

// The usages that are among the allowed ones, each once, in the specification's order.
keys.intersect = (usages, allowed) => {
  const common = new List();
  for (let i = 0; i < allUsages.length; i++) {
    if (includes(usages, allUsages[i]) && includes(allowed, allUsages[i])) common.push(allUsages[i]);
  }
  return common;
};

keys.checkUsages = (usages, allowed) => {
  for (let i = 0; i < usages.length; i++) {
    if (!includes(allowed, usages[i])) {
      throw internals.domException(`such a key cannot be used for '${usages[i]}'`, "SyntaxError");
    }
  }
};

// Keys that are not public are of no use without usages.
keys.checkNotEmpty = (usages) => {
  if (usages.length === 0) throw internals.domException("the key would have no usages", "SyntaxError");
};

// --- Of algorithms whose keys are public or private: `allowed` has the usages of both.

keys.checkPairUsages = (usages, allowed) => {
  const either = internals.prim.listOf(allowed.public);
  for (let i = 0; i < allowed.private.length; i++) either.push(allowed.private[i]);
  keys.checkUsages(usages, either);
};

const typeOfFormat = (format) => (format === "pkcs8" ? "private" : "public");

// The type of what is imported, which must be good for the usages. A private JSON Web Key has a 'd'.
keys.typeToImport = (format, given, usages, allowed) => {
  const isPrivateJwk = format === "jwk" && given.d !== undefined;
  const type = isPrivateJwk ? "private" : typeOfFormat(format);
  keys.checkUsages(usages, allowed[type]);
  return type;
};

// A key can be exported in a format of bytes only if that is for keys of its type.
keys.checkFormat = (slots, format) => keys.checkType(slots, typeOfFormat(format));

// A key's algorithm as the platform keeps it. All members are there, so that none is looked for on a prototype.
keys.algorithm = (name, members) => {
  const algorithm = {
    __proto__: null, name, hash: undefined, length: undefined, namedCurve: undefined, modulusLength: undefined,
    publicExponent: undefined,
  };
  const { hash, length, namedCurve, modulusLength, publicExponent } = members;
  algorithm.hash = hash;
  algorithm.length = length;
  algorithm.namedCurve = namedCurve;
  algorithm.modulusLength = modulusLength;
  algorithm.publicExponent = publicExponent;
  return algorithm;
};

// And as a guest sees it: an object of its own, in the order of the dictionaries' members.
const shown = (algorithm) => {
  const object = {};
  defineValue(object, "name", algorithm.name);
  if (algorithm.modulusLength !== undefined) {
    defineValue(object, "modulusLength", algorithm.modulusLength);
    defineValue(object, "publicExponent", webidl.copyOfBytes(algorithm.publicExponent));
  }
  if (algorithm.hash !== undefined) {
    const hash = {};
    defineValue(hash, "name", algorithm.hash);
    defineValue(object, "hash", hash);
  }
  if (algorithm.length !== undefined) defineValue(object, "length", algorithm.length);
  if (algorithm.namedCurve !== undefined) defineValue(object, "namedCurve", algorithm.namedCurve);
  return object;
};

class CryptoKey {
  #slots;
  #algorithm = undefined;
  #usages = undefined;

  constructor(key = undefined, slots = undefined) {
    webidl.checkIllegal(key);
    this.#slots = slots;
  }

  static {
    keys.isKey = (value) => webidl.isObject(value) && #slots in value;
    keys.slotsOf = (key) => key.#slots;
  }

  get type() { return this.#slots.type; }

  get extractable() { return this.#slots.extractable; }

  get algorithm() {
    const slots = this.#slots;
    if (this.#algorithm === undefined) this.#algorithm = shown(slots.algorithm);
    return this.#algorithm;
  }

  get usages() {
    const slots = this.#slots;
    if (this.#usages === undefined) this.#usages = slots.usages.copy().handOut();
    return this.#usages;
  }
}
webidl.exposeInterface(CryptoKey);

// A key of these slots: type, extractable, algorithm (of keys.algorithm), usages (a List) and data.
keys.create = (slots) => new CryptoKey(webidl.illegal, slots);

keys.secret = (algorithm, extractable, usages, data) => {
  keys.checkNotEmpty(usages);
  return keys.create({
    __proto__: null, type: "secret", extractable, algorithm, usages: keys.intersect(usages, allUsages), data,
  });
};

keys.pair = (algorithm, extractable, publicUsages, publicData, privateUsages, privateData) => {
  const pair = {};
  defineValue(pair, "publicKey", keys.create({
    __proto__: null, type: "public", extractable: true, algorithm, usages: publicUsages, data: publicData,
  }));
  defineValue(pair, "privateKey", keys.create({
    __proto__: null, type: "private", extractable, algorithm, usages: privateUsages, data: privateData,
  }));
  return pair;
};

// A key that was imported; one that is not public has to be good for something.
keys.imported = (type, algorithm, extractable, usages, data) => {
  if (type !== "public") keys.checkNotEmpty(usages);
  return keys.create({
    __proto__: null, type, extractable, algorithm, usages: keys.intersect(usages, allUsages), data,
  });
};

// The slots of a key that is to be used for an operation of this algorithm.
keys.usable = (key, name, usage) => {
  const slots = keys.slotsOf(key);
  if (slots.algorithm.name !== name) {
    throw internals.domException(`the key is one for ${slots.algorithm.name} and not for ${name}`, "InvalidAccessError");
  }
  if (!includes(slots.usages, usage)) {
    throw internals.domException(`the key is not there for '${usage}'`, "InvalidAccessError");
  }
  return slots;
};

keys.checkType = (slots, type) => {
  if (slots.type !== type) {
    throw internals.domException(`a ${type} key is needed, and this one is ${slots.type}`, "InvalidAccessError");
  }
};

// --- Answers of natives --------------------------------------------------------------------------------

// A promise of what `use` gives or throws. The specification has operations done in parallel: no promise of theirs is
// settled when a guest first sees it.
const settled = PromiseResolve(undefined);
keys.soon = (use) => PromisePrototypeThen(settled, use);

// A promise of what `use` makes of a native's answer: bytes or a boolean, or a promise of the number under which the
// answer is to be had, if it takes long. What `use` returns is all that a promise is ever resolved with: a guest can
// watch that.
keys.whenDone = (answer, use) => {
  if (typeof answer === "boolean" || TypedArrayPrototypeGetSymbolToStringTag(answer) !== undefined) {
    return keys.soon(() => use(answer));
  }
  return PromisePrototypeThen(answer, (number) => {
    const late = native.takeWork(number);
    if (late === undefined) throw internals.domException("the result is lost", "OperationError");
    return use(late);
  });
};

keys.same = (value) => value;
keys.bufferOf = (bytes) => TypedArrayPrototypeGetBuffer(bytes);

// --- Cloning -------------------------------------------------------------------------------------------

// What is cloned is text, numbers and bytes: the copies of objects get the guest's prototypes.
webidl.serialisable(keys.isKey, (key) => {
  const { type, extractable, algorithm, usages, data } = keys.slotsOf(key);
  let joined = "";
  for (let i = 0; i < usages.length; i++) joined += `${usages[i]} `;
  return {
    __proto__: null, type, extractable, joined, data, name: algorithm.name, hash: algorithm.hash,
    length: algorithm.length, namedCurve: algorithm.namedCurve, modulusLength: algorithm.modulusLength,
    publicExponent: algorithm.publicExponent,
  };
}, (parts) => {
  const usages = new List();
  for (let i = 0; i < allUsages.length; i++) {
    if (StringPrototypeIncludes(parts.joined, `${allUsages[i]} `)) usages.push(allUsages[i]);
  }
  ObjectSetPrototypeOf(parts, null);
  return keys.create({
    __proto__: null, type: parts.type, extractable: parts.extractable, algorithm: keys.algorithm(parts.name, parts),
    usages, data: parts.data,
  });
});
