// MIME types as the MIME Sniffing specification parses and writes them, and how Fetch takes one out of a list of
// Content-Type headers. Nothing is sniffed here.
//
// In `internals.mime`: `parse(text)` gives { type, subtype, essence, parameters } (parameters: flat names and values)
// or null; `serialise(type)`, `parameter(type, name)`, `fromHeader(value)` (the combined header's value or null).

const {
  List, StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeReplaceAll, StringPrototypeSlice,
  StringPrototypeToLowerCase,
} = internals.prim;
const { isHttpSpace, isToken, trimHttp, trimHttpEnd } = internals.headers;

const mime = { __proto__: null };
internals.mime = mime;

// What may stand inside a quoted string.
const isQuotable = (text) => {
  for (let i = 0; i < text.length; i++) {
    const code = StringPrototypeCharCodeAt(text, i);
    if (code !== 0x09 && (code < 0x20 || code === 0x7f || code > 0xff)) return false;
  }
  return true;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

// Reads the quoted string that starts at `at`: { value, end }.
const quotedString = (text, at) => {
  let value = "";
  let position = at + 1;
  while (position < text.length) {
    const code = StringPrototypeCharCodeAt(text, position);
    if (code === QUOTE) return { __proto__: null, value, end: position + 1 };
    if (code === BACKSLASH) {
      position += 1;
      if (position >= text.length) return { __proto__: null, value: `${value}\\`, end: position };
    }
    value += text[position];
    position += 1;
  }
  return { __proto__: null, value, end: position };
};

const findFrom = (text, character, from) => {
  const at = StringPrototypeIndexOf(text, character, from);
  return at === -1 ? text.length : at;
};

const parameterIndex = (parameters, name) => {
  for (let i = 0; i < parameters.length; i += 2) {
    if (parameters[i] === name) return i;
  }
  return -1;
};

const parseParameters = (text, start) => {
  const parameters = new List();
  let position = start;
  while (position < text.length) {
    position += 1;
    while (position < text.length && isHttpSpace(StringPrototypeCharCodeAt(text, position))) position += 1;
    const nameStart = position;
    while (position < text.length && text[position] !== ";" && text[position] !== "=") position += 1;
    const name = StringPrototypeToLowerCase(StringPrototypeSlice(text, nameStart, position));
    if (position < text.length) {
      if (text[position] === ";") continue;
      position += 1;
    }
    if (position >= text.length) break;
    let value;
    if (text[position] === '"') {
      const quoted = quotedString(text, position);
      value = quoted.value;
      position = findFrom(text, ";", quoted.end);
    } else {
      const end = findFrom(text, ";", position);
      value = trimHttpEnd(StringPrototypeSlice(text, position, end));
      position = end;
      if (value === "") continue;
    }
    if (isToken(name) && isQuotable(value) && parameterIndex(parameters, name) === -1) {
      parameters.push(name);
      parameters.push(value);
    }
  }
  return parameters;
};

mime.parse = (input) => {
  const text = trimHttp(input);
  const slash = StringPrototypeIndexOf(text, "/");
  if (slash === -1) return null;
  const type = StringPrototypeToLowerCase(StringPrototypeSlice(text, 0, slash));
  const end = findFrom(text, ";", slash + 1);
  const subtype = StringPrototypeToLowerCase(trimHttpEnd(StringPrototypeSlice(text, slash + 1, end)));
  if (!isToken(type) || !isToken(subtype)) return null;
  return { __proto__: null, type, subtype, essence: `${type}/${subtype}`, parameters: parseParameters(text, end) };
};

mime.parameter = (mimeType, name) => {
  const at = parameterIndex(mimeType.parameters, name);
  return at === -1 ? undefined : mimeType.parameters[at + 1];
};

mime.serialise = (mimeType) => {
  let text = mimeType.essence;
  const { parameters } = mimeType;
  for (let i = 0; i < parameters.length; i += 2) {
    let value = parameters[i + 1];
    if (!isToken(value)) {
      value = `"${StringPrototypeReplaceAll(StringPrototypeReplaceAll(value, "\\", "\\\\"), '"', '\\"')}"`;
    }
    text += `;${parameters[i]}=${value}`;
  }
  return text;
};

// The parts of a combined header value, split at the commas outside of quoted strings.
const splitHeader = (text) => {
  const values = new List();
  let start = 0;
  let position = 0;
  while (position < text.length) {
    if (text[position] === '"') {
      position = quotedString(text, position).end;
    } else if (text[position] === ",") {
      values.push(trimHttp(StringPrototypeSlice(text, start, position)));
      position += 1;
      start = position;
    } else {
      position += 1;
    }
  }
  values.push(trimHttp(StringPrototypeSlice(text, start)));
  return values;
};

// "Extract a MIME type" of Fetch: the last valid one, with the charset of an equal one before it.
mime.fromHeader = (header) => {
  if (header === null) return null;
  let found = null;
  let charset;
  const values = splitHeader(header);
  for (let i = 0; i < values.length; i++) {
    const candidate = mime.parse(values[i]);
    if (candidate === null || candidate.essence === "*/*") continue;
    const own = mime.parameter(candidate, "charset");
    if (found === null || found.essence !== candidate.essence) {
      charset = own;
    } else if (own === undefined && charset !== undefined) {
      candidate.parameters.push("charset");
      candidate.parameters.push(charset);
    }
    found = candidate;
  }
  return found;
};
