// The headers that a no-cors request may have, as Fetch defines them ("no-CORS-safelisted request-header").
//
// In `internals.corsSafelist`, of names in lower case: `allows(name, value)`, `mayDelete(name)`.

const { StringPrototypeCharCodeAt } = internals.prim;
const { mime } = internals;

const LONGEST_VALUE = 128;

const isUnsafe = (code) => (code < 0x20 && code !== 0x09) || code === 0x7f ||
  code === 0x22 || code === 0x28 || code === 0x29 || code === 0x3a || code === 0x3c || code === 0x3e || code === 0x3f ||
  code === 0x40 || code === 0x5b || code === 0x5c || code === 0x5d || code === 0x7b || code === 0x7d;

const isOfLanguage = (code) => (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) || code === 0x20 || code === 0x2a || code === 0x2c || code === 0x2d || code === 0x2e ||
  code === 0x3b || code === 0x3d;

const hasUnsafe = (value) => {
  for (let i = 0; i < value.length; i++) {
    if (isUnsafe(StringPrototypeCharCodeAt(value, i))) return true;
  }
  return false;
};

const isLanguages = (value) => {
  for (let i = 0; i < value.length; i++) {
    if (!isOfLanguage(StringPrototypeCharCodeAt(value, i))) return false;
  }
  return true;
};

const isOfForms = (value) => {
  if (hasUnsafe(value)) return false;
  const type = mime.parse(value);
  return type !== null && (type.essence === "application/x-www-form-urlencoded" ||
    type.essence === "multipart/form-data" || type.essence === "text/plain");
};

internals.corsSafelist = {
  __proto__: null,
  allows(name, value) {
    if (value.length > LONGEST_VALUE) return false;
    switch (name) {
      case "accept": return !hasUnsafe(value);
      case "accept-language":
      case "content-language": return isLanguages(value);
      case "content-type": return isOfForms(value);
      default: return false;
    }
  },
  // Fields that nobody could add are not there, but for Range, which the platform may add.
  mayDelete(name) {
    return name === "accept" || name === "accept-language" || name === "content-language" || name === "content-type" ||
      name === "range";
  },
};
