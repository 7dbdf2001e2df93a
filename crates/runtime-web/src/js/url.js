// URL, as the URL specification defines it. Parsing, serialising and the setters are native; an object holds the
// href and where its components are. The query as a list of pairs is url_search_params.js.
//
// For other files: `internals.url.parse(input, base?) -> href or null`, `internals.url.isURL(value)`,
// `internals.url.setQuery(url, query)` (by URLSearchParams; "" removes the query). `internals.url.open(input, base?)` gives
// a URL or null, of which `read(url, member)` and `write(url, member, value)` are the attributes whatever a guest has put
// in their place, and `hasOpaquePath(url)` tells what no attribute does.

const { ReflectGetOwnPropertyDescriptor, StringPrototypeSlice, TypeError, uncurryThis } = internals.prim;
const { webidl } = internals;
const { USVString } = webidl.converters;

const url = { __proto__: null };
internals.url = url;

// What urlParse and urlSet give: the href, then offsets into it.
const HREF = 0;
const PROTOCOL_END = 1;
const USERNAME_END = 2;
const HOST_START = 3;
const HOST_END = 4;
const PORT = 5;
const PATHNAME_START = 6;
const SEARCH_START = 7;
const HASH_START = 8;

// The parts that urlSet knows, by number.
const SET_PROTOCOL = 1;
const SET_USERNAME = 2;
const SET_PASSWORD = 3;
const SET_HOST = 4;
const SET_HOSTNAME = 5;
const SET_PORT = 6;
const SET_PATHNAME = 7;
const SET_SEARCH = 8;
const SET_HASH = 9;

const slice = (record, from, to) => StringPrototypeSlice(record[HREF], from, to);

// The host starts at the "@" where there are credentials.
const hostOffset = (record) => {
  const start = record[HOST_START];
  return record[HOST_END] > start && record[HREF][start] === "@" ? start + 1 : start;
};

const queryOf = (record) => {
  const start = record[SEARCH_START];
  if (start === -1) return "";
  return slice(record, start + 1, record[HASH_START] === -1 ? record[HREF].length : record[HASH_START]);
};

const textOf = (value, member) =>
  USVString(value, `Failed to set the '${member}' property on 'URL'`, "The value");

// In place of the first argument: the second one is a record.
const fromRecord = webidl.illegal;

class URL {
  #record;
  #searchParams = undefined;

  constructor(input, base = undefined) {
    const prefix = "Failed to construct 'URL'";
    if (input === fromRecord) {
      this.#record = base;
      return;
    }
    webidl.requiredArguments(arguments.length, 1, prefix);
    input = USVString(input, prefix, "Argument 1");
    if (base !== undefined) base = USVString(base, prefix, "Argument 2");
    const record = native.urlParse(input, base);
    if (record === null) throw new TypeError(`${prefix}: Invalid URL`);
    this.#record = record;
  }

  static parse(input, base = undefined) {
    const prefix = "Failed to execute 'parse' on 'URL'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    input = USVString(input, prefix, "Argument 1");
    if (base !== undefined) base = USVString(base, prefix, "Argument 2");
    const record = native.urlParse(input, base);
    return record === null ? null : new URL(fromRecord, record);
  }

  static canParse(input, base = undefined) {
    const prefix = "Failed to execute 'canParse' on 'URL'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    input = USVString(input, prefix, "Argument 1");
    if (base !== undefined) base = USVString(base, prefix, "Argument 2");
    return native.urlCanParse(input, base);
  }

  static createObjectURL(object) {
    return internals.objectUrls.create(object, arguments.length);
  }

  static revokeObjectURL(url) {
    internals.objectUrls.revoke(url, arguments.length);
  }

  get href() { return this.#record[HREF]; }
  set href(value) {
    this.#record;
    const record = native.urlParse(textOf(value, "href"), undefined);
    if (record === null) throw new TypeError("Failed to set the 'href' property on 'URL': Invalid URL");
    this.#record = record;
    this.#refreshParams();
  }

  get origin() { return native.urlOrigin(this.#record[HREF]); }

  get protocol() { return slice(this.#record, 0, this.#record[PROTOCOL_END]); }
  set protocol(value) { this.#set(SET_PROTOCOL, value, "protocol"); }

  get username() {
    const record = this.#record;
    const start = record[PROTOCOL_END] + 2;
    return start < record[USERNAME_END] ? slice(record, start, record[USERNAME_END]) : "";
  }
  set username(value) { this.#set(SET_USERNAME, value, "username"); }

  get password() {
    const record = this.#record;
    const start = record[USERNAME_END] + 1;
    return start < record[HOST_START] ? slice(record, start, record[HOST_START]) : "";
  }
  set password(value) { this.#set(SET_PASSWORD, value, "password"); }

  get host() {
    const record = this.#record;
    const start = hostOffset(record);
    if (start >= record[HOST_END]) return "";
    if (record[PORT] === -1) return slice(record, start, record[HOST_END]);
    return slice(record, start, record[PATHNAME_START]);
  }
  set host(value) { this.#set(SET_HOST, value, "host"); }

  get hostname() {
    const record = this.#record;
    const start = hostOffset(record);
    return start >= record[HOST_END] ? "" : slice(record, start, record[HOST_END]);
  }
  set hostname(value) { this.#set(SET_HOSTNAME, value, "hostname"); }

  get port() {
    const record = this.#record;
    return record[PORT] === -1 ? "" : slice(record, record[HOST_END] + 1, record[PATHNAME_START]);
  }
  set port(value) { this.#set(SET_PORT, value, "port"); }

  get pathname() {
    const record = this.#record;
    const end = record[SEARCH_START] !== -1 ? record[SEARCH_START]
      : record[HASH_START] !== -1 ? record[HASH_START] : record[HREF].length;
    return slice(record, record[PATHNAME_START], end);
  }
  set pathname(value) { this.#set(SET_PATHNAME, value, "pathname"); }

  get search() {
    const query = queryOf(this.#record);
    return query === "" ? "" : `?${query}`;
  }
  set search(value) {
    this.#set(SET_SEARCH, value, "search");
    this.#refreshParams();
  }

  get searchParams() {
    if (this.#searchParams === undefined) {
      this.#searchParams = internals.searchParams.forURL(this, queryOf(this.#record));
    }
    return this.#searchParams;
  }

  get hash() {
    const record = this.#record;
    const start = record[HASH_START];
    return start === -1 || record[HREF].length - start <= 1 ? "" : slice(record, start, record[HREF].length);
  }
  set hash(value) { this.#set(SET_HASH, value, "hash"); }

  toString() { return this.#record[HREF]; }
  toJSON() { return this.#record[HREF]; }

  #set(part, value, member) {
    const record = native.urlSet(this.#record[HREF], part, textOf(value, member));
    if (record !== null) this.#record = record;
  }

  #refreshParams() {
    if (this.#searchParams !== undefined) {
      internals.searchParams.replace(this.#searchParams, queryOf(this.#record));
    }
  }

  static {
    url.isURL = (value) => webidl.isObject(value) && #record in value;
    // Any other path begins with a slash, or comes after the two of a host.
    url.hasOpaquePath = (object) => object.#record[HREF][object.#record[PROTOCOL_END]] !== "/";
    url.setQuery = (object, query) => {
      const record = native.urlSet(object.#record[HREF], SET_SEARCH, query);
      if (record !== null) object.#record = record;
    };
  }
}
webidl.exposeInterface(URL, "URL", { __proto__: null, length: 1 });

url.parse = (input, base = undefined) => {
  const record = native.urlParse(input, base);
  return record === null ? null : record[HREF];
};
url.open = (input, base = undefined) => {
  const record = native.urlParse(input, base);
  return record === null ? null : new URL(fromRecord, record);
};

const readers = { __proto__: null };
const writers = { __proto__: null };
const attributes = ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
for (let i = 0; i < attributes.length; i++) {
  const descriptor = ReflectGetOwnPropertyDescriptor(URL.prototype, attributes[i]);
  readers[attributes[i]] = uncurryThis(descriptor.get);
  writers[attributes[i]] = uncurryThis(descriptor.set);
}
url.read = (object, member) => readers[member](object);
url.write = (object, member, value) => writers[member](object, value);
internals.URL = URL;
