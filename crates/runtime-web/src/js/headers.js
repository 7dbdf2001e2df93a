// Headers, as Fetch defines it, for a server: names that browsers forbid may be set. Fields of the same name stay
// apart until somebody asks for them; Set-Cookie fields stay apart for good.
//
// In `internals.headers`: `fromHost(flat)` (a field list over the host's [name, value, ...], names in lower case),
// `create(list, guard)` (the object), `listOf(headers)`, `isHeaders(value)`, `fill(list, guard, init, prefix, context)`,
// `append(list, guard, name, value)` (a name in lower case), `flatWithLength(list, length)` (for the host, with a body's
// length), the class Headers, and class FieldList with get/set/append/has/delete/flat. Of HTTP's grammar: `isToken(text)`,
// `isHttpSpace(code)`, `trimHttp(text)`, `trimHttpEnd(text)`.
// The guards are "none", "immutable" and "request-no-cors".

const {
  List, ObjectPrototypePropertyIsEnumerable, ReflectOwnKeys, StringPrototypeCharCodeAt, StringPrototypeSlice,
  StringPrototypeToLowerCase, SymbolIterator, TypeError, isolate, listOf, putToUse,
} = internals.prim;
const { webidl } = internals;
const { ByteString } = webidl.converters;
const { requiredArguments } = webidl;

const headers = { __proto__: null };
internals.headers = headers;

// The characters of HTTP's tokens, each in its place from the space on.
const tokenCharacters =
  " ! #$%&'  *+ -. 0123456789       ABCDEFGHIJKLMNOPQRSTUVWXYZ   ^_`abcdefghijklmnopqrstuvwxyz | ~";

const isToken = (text) => {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = StringPrototypeCharCodeAt(text, i);
    if (code <= 0x20 || code >= 0x7f || StringPrototypeCharCodeAt(tokenCharacters, code - 0x20) !== code) return false;
  }
  return true;
};
headers.isToken = isToken;

const isHttpSpace = (code) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
headers.isHttpSpace = isHttpSpace;

// Without HTTP white space at the end.
const trimHttpEnd = (text) => {
  let end = text.length;
  while (end > 0 && isHttpSpace(StringPrototypeCharCodeAt(text, end - 1))) end -= 1;
  return StringPrototypeSlice(text, 0, end);
};

headers.trimHttpEnd = trimHttpEnd;

// Without HTTP white space at both ends.
const trimHttp = (text) => {
  let start = 0;
  while (start < text.length && isHttpSpace(StringPrototypeCharCodeAt(text, start))) start += 1;
  return trimHttpEnd(StringPrototypeSlice(text, start));
};
headers.trimHttp = trimHttp;

const isLowerCaseToken = (name) => {
  for (let i = 0; i < name.length; i++) {
    const code = StringPrototypeCharCodeAt(name, i);
    if (code >= 0x41 && code <= 0x5a) return false;
  }
  return true;
};

const normaliseName = (name, prefix) => {
  if (!isToken(name)) throw new TypeError(`${prefix}: '${name}' is not a valid header name`);
  return isLowerCaseToken(name) ? name : StringPrototypeToLowerCase(name);
};

const normaliseValue = (value, prefix, name) => {
  const trimmed = trimHttp(value);
  for (let i = 0; i < trimmed.length; i++) {
    const code = StringPrototypeCharCodeAt(trimmed, i);
    if (code === 0 || code === 0x0a || code === 0x0d) {
      throw new TypeError(`${prefix}: the value of header '${name}' has a NUL, CR or LF at index ${i}`);
    }
  }
  return trimmed;
};

const byName = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

// A list of header fields: names in lower case and values, in one List.
class FieldList {
  constructor(flat) {
    this.fields = flat;
    // The sorted and combined view that iteration shows, until the next change.
    this.combined = undefined;
  }

  get(name) {
    const { fields } = this;
    let found = null;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) found = found === null ? fields[i + 1] : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }

  has(name) {
    const { fields } = this;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) return true;
    }
    return false;
  }

  append(name, value) {
    this.combined = undefined;
    const { fields } = this;
    fields.push(name);
    fields.push(value);
  }

  // Replaces the first field of that name and removes the others.
  set(name, value) {
    const { fields } = this;
    this.combined = undefined;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) {
        fields[i + 1] = value;
        this.removeFrom(i + 2, name);
        return;
      }
    }
    fields.push(name);
    fields.push(value);
  }

  delete(name) {
    this.combined = undefined;
    this.removeFrom(0, name);
  }

  removeFrom(start, name) {
    const { fields } = this;
    let kept = start;
    for (let i = start; i < fields.length; i += 2) {
      if (fields[i] === name) continue;
      if (kept !== i) {
        fields[kept] = fields[i];
        fields[kept + 1] = fields[i + 1];
      }
      kept += 2;
    }
    fields.length = kept;
  }

  setCookies() {
    const { fields } = this;
    const values = new List();
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === "set-cookie") values.push(fields[i + 1]);
    }
    return values.handOut();
  }

  pairs() {
    if (this.combined !== undefined) return this.combined;
    const { fields } = this;
    const pairs = new List();
    for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i], fields[i + 1]]);
    // A stable sort: fields of the same name keep their order.
    pairs.sort(byName);
    const combined = new List();
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i];
      const last = combined.length === 0 ? undefined : combined[combined.length - 1];
      if (last !== undefined && last[0] === pair[0] && pair[0] !== "set-cookie") last[1] += `, ${pair[1]}`;
      else combined.push(pair);
    }
    this.combined = combined;
    return combined;
  }

  copy() {
    return new FieldList(listOf(this.fields));
  }

  // The array itself: name, value, name, value, ...
  flat() {
    return this.fields;
  }
}
isolate(FieldList);
headers.FieldList = FieldList;

// Of an array that is complete: nothing may be added to these fields, only to a copy of them.
headers.fromHost = (flat) => new FieldList(flat);

// A list's array for the host, with the length of a body where that is known and not said.
headers.flatWithLength = (list, length) => {
  if (length === undefined || list.has("content-length")) return list.flat();
  const whole = list.copy();
  whole.append("content-length", `${length}`);
  return whole.flat();
};

// record<ByteString, ByteString>: all is read before anything is checked, in the order of the specification. Keys
// are distinct, since converting them changes nothing.
const readRecord = (init, prefix, context) => {
  const flat = new List();
  const keys = ReflectOwnKeys(init);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (!ObjectPrototypePropertyIsEnumerable(init, key)) continue;
    const name = ByteString(key, prefix, context);
    flat.push(name);
    flat.push(ByteString(init[key], prefix, context));
  }
  return flat;
};

// To a no-cors request only what the safelist allows is added, and silently nothing else.
headers.append = (list, guard, name, value) => {
  if (guard === "request-no-cors") {
    const before = list.get(name);
    if (!internals.corsSafelist.allows(name, before === null ? value : `${before}, ${value}`)) return;
  }
  list.append(name, value);
};

const appendField = (list, guard, name, value, prefix) => {
  const normal = normaliseName(name, prefix);
  headers.append(list, guard, normal, normaliseValue(value, prefix, name));
};

// Adds what a HeadersInit says. A record or a sequence of pairs; other Headers are copied without their iterator
// unless the guest has replaced it, and then fields of one name stay as far apart as they are.
headers.fill = (list, guard, init, prefix, context) => {
  if (!webidl.isObject(init)) {
    throw new TypeError(`${prefix}: ${context} is not a Headers object, a record or a sequence of pairs`);
  }
  const method = init[SymbolIterator];
  if (method === undefined || method === null) {
    const flat = readRecord(init, prefix, context);
    for (let i = 0; i < flat.length; i += 2) appendField(list, guard, flat[i], flat[i + 1], prefix);
    return;
  }
  if (typeof method !== "function") throw new TypeError(`${prefix}: ${context} has an iterator that is not a function`);
  if (method === headersIterator && headers.isHeaders(init)) {
    const { fields } = headers.listOf(init);
    for (let i = 0; i < fields.length; i += 2) headers.append(list, guard, fields[i], fields[i + 1]);
    return;
  }
  const pairs = webidl.sequenceFrom(init, method, webidl.sequence(ByteString), prefix, context);
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i].length !== 2) throw new TypeError(`${prefix}: ${context}, item ${i}, is not a pair of name and value`);
  }
  for (let i = 0; i < pairs.length; i++) appendField(list, guard, pairs[i][0], pairs[i][1], prefix);
};

class Headers {
  #list;
  #guard = "none";

  constructor(init = undefined) {
    if (init === webidl.illegal) {
      this.#list = arguments[1];
      this.#guard = arguments[2];
      return;
    }
    this.#list = new FieldList(new List());
    if (init !== undefined) headers.fill(this.#list, "none", init, "Failed to construct 'Headers'", "Argument 1");
  }

  static {
    headers.isHeaders = (value) => webidl.isObject(value) && #list in value;
    headers.listOf = (object) => object.#list;
    headers.create = (list, guard) => new Headers(webidl.illegal, list, guard);
  }

  #writable(prefix) {
    if (this.#guard === "immutable") {
      throw new TypeError(`${prefix}: these headers are immutable: copy them with new Headers(headers), or make a ` +
        "new Request or Response");
    }
    return this.#list;
  }

  append(name, value) {
    const prefix = "Failed to execute 'append' on 'Headers'";
    this.#list;
    requiredArguments(arguments.length, 2, prefix);
    const givenName = ByteString(name, prefix, "Argument 1");
    const givenValue = ByteString(value, prefix, "Argument 2");
    const normalName = normaliseName(givenName, prefix);
    const normalValue = normaliseValue(givenValue, prefix, givenName);
    headers.append(this.#writable(prefix), this.#guard, normalName, normalValue);
  }

  delete(name) {
    const prefix = "Failed to execute 'delete' on 'Headers'";
    this.#list;
    requiredArguments(arguments.length, 1, prefix);
    const normalName = normaliseName(ByteString(name, prefix, "Argument 1"), prefix);
    const list = this.#writable(prefix);
    if (this.#guard === "request-no-cors" && !internals.corsSafelist.mayDelete(normalName)) return;
    list.delete(normalName);
  }

  get(name) {
    const prefix = "Failed to execute 'get' on 'Headers'";
    const list = this.#list;
    requiredArguments(arguments.length, 1, prefix);
    return list.get(normaliseName(ByteString(name, prefix, "Argument 1"), prefix));
  }

  getSetCookie() {
    return this.#list.setCookies();
  }

  has(name) {
    const prefix = "Failed to execute 'has' on 'Headers'";
    const list = this.#list;
    requiredArguments(arguments.length, 1, prefix);
    return list.has(normaliseName(ByteString(name, prefix, "Argument 1"), prefix));
  }

  set(name, value) {
    const prefix = "Failed to execute 'set' on 'Headers'";
    this.#list;
    requiredArguments(arguments.length, 2, prefix);
    const givenName = ByteString(name, prefix, "Argument 1");
    const givenValue = ByteString(value, prefix, "Argument 2");
    const normalName = normaliseName(givenName, prefix);
    const normalValue = normaliseValue(givenValue, prefix, givenName);
    const list = this.#writable(prefix);
    if (this.#guard === "request-no-cors" && !internals.corsSafelist.allows(normalName, normalValue)) return;
    list.set(normalName, normalValue);
  }
}
webidl.exposeInterface(Headers);
webidl.pairIterable(Headers, "Headers", (object) => headers.listOf(object).pairs());
const headersIterator = Headers.prototype[SymbolIterator];
headers.Headers = Headers;
putToUse(Headers.prototype);
