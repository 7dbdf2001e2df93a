// Subresource Integrity: whether a response's bytes are what the request's `integrity` says.
//
// In `internals.integrity`: `matches(metadata, bytes)`, a promise of a boolean.

const {
  List, PromiseResolve, StringFromCharCode, StringPrototypeCharCodeAt, StringPrototypeIndexOf,
  StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeToLowerCase, TypedArrayPrototypeGetByteLength,
} = internals.prim;
const { cryptoKeys } = internals;

// By strength, and 0 for what is no algorithm of the specification's.
const strengthOf = (algorithm) => {
  switch (algorithm) {
    case "sha256": return 1;
    case "sha384": return 2;
    case "sha512": return 3;
    default: return 0;
  }
};
const names = { __proto__: null, 1: "SHA-256", 2: "SHA-384", 3: "SHA-512" };

const isSpace = (code) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d;

// Of base64 and base64url, padded or not, one and the same text.
const canonical = (value) => {
  let end = value.length;
  while (end > 0 && value[end - 1] === "=") end -= 1;
  const text = StringPrototypeSlice(value, 0, end);
  return StringPrototypeReplaceAll(StringPrototypeReplaceAll(text, "-", "+"), "_", "/");
};

const upTo = (text, character) => {
  const at = StringPrototypeIndexOf(text, character);
  return at === -1 ? text.length : at;
};

// Adds what one item says, if it is as strong as the strongest so far.
const add = (strongest, item) => {
  const expression = StringPrototypeSlice(item, 0, upTo(item, "?"));
  const dash = upTo(expression, "-");
  const strength = strengthOf(StringPrototypeToLowerCase(StringPrototypeSlice(expression, 0, dash)));
  if (strength === 0 || strength < strongest.strength) return;
  if (strength > strongest.strength) {
    strongest.strength = strength;
    strongest.values = new List();
  }
  strongest.values.push(canonical(StringPrototypeSlice(expression, dash + 1)));
};

// The digests that the strongest algorithm of the metadata allows; a strength of 0 if there is none.
const parse = (metadata) => {
  const strongest = { __proto__: null, strength: 0, values: new List() };
  let start = 0;
  for (let i = 0; i <= metadata.length; i++) {
    if (i < metadata.length && !isSpace(StringPrototypeCharCodeAt(metadata, i))) continue;
    if (i > start) add(strongest, StringPrototypeSlice(metadata, start, i));
    start = i + 1;
  }
  return strongest;
};

const base64 = (bytes) => {
  let text = "";
  const length = TypedArrayPrototypeGetByteLength(bytes);
  for (let i = 0; i < length; i++) text += StringFromCharCode(bytes[i]);
  return canonical(native.btoa(text));
};

const matches = (metadata, bytes) => {
  const { strength, values } = parse(metadata);
  if (strength === 0) return PromiseResolve(true);
  return cryptoKeys.whenDone(native.digest(names[strength], bytes), (digest) => {
    const found = base64(digest);
    for (let i = 0; i < values.length; i++) {
      if (values[i] === found) return true;
    }
    return false;
  });
};

internals.integrity = { __proto__: null, matches };
