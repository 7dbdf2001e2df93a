// FormData, and its wire format multipart/form-data both ways. The other wire format of forms,
// application/x-www-form-urlencoded, is native.
//
// In `internals.formData`: `isFormData(v)`, `encode(form)` gives { bytes, type }, `parseMultipart(bytes, boundary)` and
// `parseUrlencoded(text)` give a FormData or throw a TypeError.

const {
  List, StringPrototypeIndexOf, StringPrototypeReplaceAll, StringPrototypeSlice,
  StringPrototypeStartsWith, StringPrototypeToLowerCase, TypeError,
  TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeIndexOf, TypedArrayPrototypeSet, Uint8Array,
} = internals.prim;
const { blobs, webidl } = internals;
const { USVString } = webidl.converters;
const { requiredArguments } = webidl;

const formData = { __proto__: null };
internals.formData = formData;

const blobArgument = webidl.interfaceType("Blob", blobs.isBlob);

// An entry's value: a string, or a File made of a blob.
const entryValue = (value, filename, hasFilename, prefix) => {
  if (!hasFilename && !blobs.isBlob(value)) return USVString(value, prefix, "Argument 2");
  const blob = blobArgument(value, prefix, "Argument 2");
  const name = hasFilename ? USVString(filename, prefix, "Argument 3") : undefined;
  if (name === undefined && blobs.isFile(blob)) return blob;
  const lastModified = blobs.isFile(blob) ? blobs.lastModifiedOf(blob) : undefined;
  return blobs.createFile(blobs.bytesOf(blob), name ?? "blob", blobs.typeOf(blob), lastModified);
};

class FormData {
  #entries = new List();

  constructor(form = undefined, submitter = undefined) {
    if (form !== undefined || (submitter !== undefined && submitter !== null)) {
      throw new TypeError("Failed to construct 'FormData': there are no HTML forms here: call it without arguments");
    }
  }

  static {
    formData.isFormData = (value) => webidl.isObject(value) && #entries in value;
    formData.entriesOf = (form) => form.#entries;
  }

  append(name, value, filename = undefined) {
    const prefix = "Failed to execute 'append' on 'FormData'";
    const entries = this.#entries;
    requiredArguments(arguments.length, 2, prefix);
    const key = USVString(name, prefix, "Argument 1");
    entries.push([key, entryValue(value, filename, filename !== undefined, prefix)]);
  }

  delete(name) {
    const prefix = "Failed to execute 'delete' on 'FormData'";
    const entries = this.#entries;
    requiredArguments(arguments.length, 1, prefix);
    const key = USVString(name, prefix, "Argument 1");
    for (let i = entries.length - 1; i >= 0; i--) {
      if (entries[i][0] === key) entries.removeAt(i);
    }
  }

  get(name) {
    const prefix = "Failed to execute 'get' on 'FormData'";
    const entries = this.#entries;
    requiredArguments(arguments.length, 1, prefix);
    const key = USVString(name, prefix, "Argument 1");
    for (let i = 0; i < entries.length; i++) {
      if (entries[i][0] === key) return entries[i][1];
    }
    return null;
  }

  getAll(name) {
    const prefix = "Failed to execute 'getAll' on 'FormData'";
    const entries = this.#entries;
    requiredArguments(arguments.length, 1, prefix);
    const key = USVString(name, prefix, "Argument 1");
    const values = new List();
    for (let i = 0; i < entries.length; i++) {
      if (entries[i][0] === key) values.push(entries[i][1]);
    }
    return values.handOut();
  }

  has(name) {
    const prefix = "Failed to execute 'has' on 'FormData'";
    const entries = this.#entries;
    requiredArguments(arguments.length, 1, prefix);
    const key = USVString(name, prefix, "Argument 1");
    for (let i = 0; i < entries.length; i++) {
      if (entries[i][0] === key) return true;
    }
    return false;
  }

  set(name, value, filename = undefined) {
    const prefix = "Failed to execute 'set' on 'FormData'";
    const entries = this.#entries;
    requiredArguments(arguments.length, 2, prefix);
    const key = USVString(name, prefix, "Argument 1");
    const entry = [key, entryValue(value, filename, filename !== undefined, prefix)];
    let at = -1;
    for (let i = 0; i < entries.length; i++) {
      if (entries[i][0] !== key) continue;
      if (at === -1) {
        at = i;
        entries[i] = entry;
      } else {
        entries.removeAt(i);
        i -= 1;
      }
    }
    if (at === -1) entries.push(entry);
  }
}
webidl.exposeInterface(FormData);
webidl.pairIterable(FormData, "FormData", formData.entriesOf);

// --- Writing multipart/form-data -----------------------------------------------------------------------

const withCrlf = (text) => {
  const lf = StringPrototypeReplaceAll(StringPrototypeReplaceAll(text, "\r\n", "\n"), "\r", "\n");
  return StringPrototypeReplaceAll(lf, "\n", "\r\n");
};

const escapeName = (text) => StringPrototypeReplaceAll(
  StringPrototypeReplaceAll(StringPrototypeReplaceAll(text, "\n", "%0A"), "\r", "%0D"), '"', "%22");

const hexDigits = "0123456789abcdef";

const newBoundary = () => {
  const random = new Uint8Array(16);
  native.randomFill(random);
  let text = "----isolane-form-";
  for (let i = 0; i < 16; i++) text += hexDigits[random[i] >> 4] + hexDigits[random[i] & 15];
  return text;
};

formData.encode = (form) => {
  const boundary = newBoundary();
  const entries = formData.entriesOf(form);
  const pieces = new List();
  let total = 0;
  const add = (piece) => {
    pieces.push(piece);
    total += TypedArrayPrototypeGetByteLength(piece);
  };
  // Text is gathered, so that a form without files is encoded in one go.
  let text = "";
  for (let i = 0; i < entries.length; i++) {
    const value = entries[i][1];
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(withCrlf(entries[i][0]))}"`;
    if (typeof value === "string") {
      text += `\r\n\r\n${withCrlf(value)}\r\n`;
    } else {
      const type = blobs.typeOf(value);
      text += `; filename="${escapeName(blobs.nameOf(value))}"\r\n`;
      text += `Content-Type: ${type === "" ? "application/octet-stream" : type}\r\n\r\n`;
      add(native.encodeUtf8(text));
      add(blobs.bytesOf(value));
      text = "\r\n";
    }
  }
  add(native.encodeUtf8(`${text}--${boundary}--\r\n`));
  const bytes = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < pieces.length; i++) {
    TypedArrayPrototypeSet(bytes, pieces[i], at);
    at += TypedArrayPrototypeGetByteLength(pieces[i]);
  }
  return { __proto__: null, bytes, type: `multipart/form-data; boundary=${boundary}` };
};

// --- Reading -------------------------------------------------------------------------------------------

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;

const malformed = (what) => new TypeError(`the multipart/form-data body is malformed: ${what}`);

const part = (bytes, start, end) =>
  new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, end - start);

const startsWithAt = (bytes, at, needle) => {
  const length = TypedArrayPrototypeGetByteLength(needle);
  if (at + length > TypedArrayPrototypeGetByteLength(bytes)) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[at + i] !== needle[i]) return false;
  }
  return true;
};

// Where `needle` occurs at or after `from`, or -1.
const find = (bytes, needle, from) => {
  let at = from;
  for (;;) {
    at = TypedArrayPrototypeIndexOf(bytes, needle[0], at);
    if (at === -1 || startsWithAt(bytes, at, needle)) return at;
    at += 1;
  }
};

const decodeLine = (bytes) => native.decodeOnce("utf-8", bytes, false, true);

// A parameter of Content-Disposition, with the three escapes that forms use undone; undefined if absent.
const dispositionParameter = (line, name) => {
  const key = `${name}=`;
  let at = 0;
  for (;;) {
    at = StringPrototypeIndexOf(line, key, at);
    if (at === -1) return undefined;
    const before = at === 0 ? ";" : line[at - 1];
    if (before === ";" || before === " " || before === "\t") break;
    at += 1;
  }
  const start = at + key.length;
  if (!StringPrototypeStartsWith(line, '"', start)) {
    const semicolon = StringPrototypeIndexOf(line, ";", start);
    return internals.headers.trimHttp(StringPrototypeSlice(line, start, semicolon === -1 ? line.length : semicolon));
  }
  const end = StringPrototypeIndexOf(line, '"', start + 1);
  if (end === -1) throw malformed(`the ${name} of a part has no closing quote`);
  const raw = StringPrototypeSlice(line, start + 1, end);
  return StringPrototypeReplaceAll(
    StringPrototypeReplaceAll(StringPrototypeReplaceAll(raw, "%0A", "\n"), "%0D", "\r"), "%22", '"');
};

// Reads the header lines from `at`; gives { name, filename, type, end }, `end` being where the content starts.
const readPartHeaders = (bytes, at) => {
  const found = { __proto__: null, name: undefined, filename: undefined, type: "text/plain", end: at };
  let position = at;
  for (;;) {
    const lineEnd = TypedArrayPrototypeIndexOf(bytes, CR, position);
    if (lineEnd === -1 || bytes[lineEnd + 1] !== LF) throw malformed("the headers of a part do not end");
    if (lineEnd === position) {
      found.end = position + 2;
      if (found.name === undefined) throw malformed("a part has no name");
      return found;
    }
    const line = decodeLine(part(bytes, position, lineEnd));
    const colon = StringPrototypeIndexOf(line, ":");
    if (colon === -1) throw malformed("a header line has no colon");
    const headerName = StringPrototypeToLowerCase(StringPrototypeSlice(line, 0, colon));
    const value = internals.headers.trimHttp(StringPrototypeSlice(line, colon + 1));
    if (headerName === "content-disposition") {
      if (StringPrototypeIndexOf(StringPrototypeToLowerCase(value), "form-data") !== 0) {
        throw malformed("a part's Content-Disposition is not form-data");
      }
      found.name = dispositionParameter(value, "name");
      found.filename = dispositionParameter(value, "filename");
    } else if (headerName === "content-type") {
      found.type = value;
    }
    position = lineEnd + 2;
  }
};

const copyOf = (bytes) => {
  const copy = new Uint8Array(TypedArrayPrototypeGetByteLength(bytes));
  TypedArrayPrototypeSet(copy, bytes);
  return copy;
};

formData.parseMultipart = (bytes, boundary) => {
  const form = new FormData();
  const entries = formData.entriesOf(form);
  const delimiter = native.encodeUtf8(`--${boundary}`);
  const innerDelimiter = native.encodeUtf8(`\r\n--${boundary}`);
  const delimiterLength = TypedArrayPrototypeGetByteLength(delimiter);
  let at = startsWithAt(bytes, 0, delimiter) ? 0 : find(bytes, innerDelimiter, 0) + 2;
  // -1 + 2: not found.
  if (at === 1) throw malformed("the boundary does not occur");
  for (;;) {
    at += delimiterLength;
    const last = bytes[at] === DASH && bytes[at + 1] === DASH;
    if (last) at += 2;
    while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
    if (last && at === TypedArrayPrototypeGetByteLength(bytes)) return form;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) throw malformed("a boundary is not followed by a line end");
    if (last) return form;
    const head = readPartHeaders(bytes, at + 2);
    const end = startsWithAt(bytes, head.end, delimiter) ? head.end : find(bytes, innerDelimiter, head.end);
    if (end === -1) throw malformed("the last part does not end with the boundary");
    const content = part(bytes, head.end, end);
    const value = head.filename === undefined
      ? native.decodeOnce("utf-8", content, false, true)
      : blobs.createFile(copyOf(content), head.filename, blobs.normaliseType(head.type));
    entries.push([head.name, value]);
    at = end === head.end && startsWithAt(bytes, end, delimiter) ? end : end + 2;
  }
};

formData.parseUrlencoded = (text) => {
  const form = new FormData();
  const entries = formData.entriesOf(form);
  const flat = native.formDecode(text);
  for (let i = 0; i < flat.length; i += 2) entries.push([flat[i], flat[i + 1]]);
  return form;
};
