// URLSearchParams, as the URL specification defines it: a list of pairs, alone or bound to a URL, whose query then
// follows every change. The urlencoded format itself is native.
//
// For other files, in `internals.searchParams`: `forURL(url, query)`, `replace(params, query)`, `isParams(value)`,
// `serialise(params)`.

const {
  List, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith, SymbolIterator, TypeError,
} = internals.prim;
const { webidl } = internals;
const { USVString } = webidl.converters;

const searchParams = { __proto__: null };
internals.searchParams = searchParams;

// A native call cannot be stopped, and its results are all there at once: longer texts go in pieces.
const pieceLength = 65536;

const parse = (text) => {
  const pairs = new List();
  let start = 0;
  while (start < text.length) {
    let end = text.length - start > pieceLength ? StringPrototypeIndexOf(text, "&", start + pieceLength) : -1;
    if (end === -1) end = text.length;
    const flat = native.formDecode(end - start === text.length ? text : StringPrototypeSlice(text, start, end));
    for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i], flat[i + 1]]);
    start = end + 1;
  }
  return pairs;
};

const serialise = (pairs) => {
  if (pairs.length === 0) return "";
  const flat = new List();
  for (let i = 0; i < pairs.length; i++) {
    flat.push(pairs[i][0]);
    flat.push(pairs[i][1]);
  }
  return native.formEncode(flat);
};

const pairSequence = webidl.sequence(USVString);
const pairRecord = webidl.record(USVString, USVString);

const initialPairs = (init, prefix) => {
  if (!webidl.isObject(init)) {
    const text = USVString(init, prefix, "Argument 1");
    return parse(StringPrototypeStartsWith(text, "?") ? StringPrototypeSlice(text, 1) : text);
  }
  const method = init[SymbolIterator];
  if (method === undefined || method === null) return pairRecord(init, prefix, "Argument 1");
  if (typeof method !== "function") throw new TypeError(`${prefix}: Argument 1 has an iterator that is not a function`);
  const pairs = webidl.sequenceFrom(init, method, pairSequence, prefix, "Argument 1");
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i].length !== 2) throw new TypeError(`${prefix}: Argument 1, item ${i}, is not a pair of name and value`);
  }
  return pairs;
};

const byName = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

class URLSearchParams {
  #pairs;
  #url = undefined;

  constructor(init = "") {
    this.#pairs = initialPairs(init, "Failed to construct 'URLSearchParams'");
  }

  get size() { return this.#pairs.length; }

  append(name, value) {
    const pairs = this.#pairs;
    const prefix = "Failed to execute 'append' on 'URLSearchParams'";
    webidl.requiredArguments(arguments.length, 2, prefix);
    name = USVString(name, prefix, "Argument 1");
    value = USVString(value, prefix, "Argument 2");
    pairs.push([name, value]);
    this.#update();
  }

  delete(name, value = undefined) {
    const pairs = this.#pairs;
    const prefix = "Failed to execute 'delete' on 'URLSearchParams'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    name = USVString(name, prefix, "Argument 1");
    if (value !== undefined) value = USVString(value, prefix, "Argument 2");
    let kept = 0;
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i];
      if (pair[0] === name && (value === undefined || pair[1] === value)) continue;
      pairs[kept++] = pair;
    }
    pairs.length = kept;
    this.#update();
  }

  get(name) {
    const pairs = this.#pairs;
    const prefix = "Failed to execute 'get' on 'URLSearchParams'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    name = USVString(name, prefix, "Argument 1");
    for (let i = 0; i < pairs.length; i++) {
      if (pairs[i][0] === name) return pairs[i][1];
    }
    return null;
  }

  getAll(name) {
    const pairs = this.#pairs;
    const prefix = "Failed to execute 'getAll' on 'URLSearchParams'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    name = USVString(name, prefix, "Argument 1");
    const values = new List();
    for (let i = 0; i < pairs.length; i++) {
      if (pairs[i][0] === name) values.push(pairs[i][1]);
    }
    return values.handOut();
  }

  has(name, value = undefined) {
    const pairs = this.#pairs;
    const prefix = "Failed to execute 'has' on 'URLSearchParams'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    name = USVString(name, prefix, "Argument 1");
    if (value !== undefined) value = USVString(value, prefix, "Argument 2");
    for (let i = 0; i < pairs.length; i++) {
      if (pairs[i][0] === name && (value === undefined || pairs[i][1] === value)) return true;
    }
    return false;
  }

  set(name, value) {
    const pairs = this.#pairs;
    const prefix = "Failed to execute 'set' on 'URLSearchParams'";
    webidl.requiredArguments(arguments.length, 2, prefix);
    name = USVString(name, prefix, "Argument 1");
    value = USVString(value, prefix, "Argument 2");
    let found = false;
    let kept = 0;
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i];
      if (pair[0] === name) {
        if (found) continue;
        found = true;
        pair[1] = value;
      }
      pairs[kept++] = pair;
    }
    pairs.length = kept;
    if (!found) pairs.push([name, value]);
    this.#update();
  }

  sort() {
    this.#pairs.sort(byName);
    this.#update();
  }

  toString() { return serialise(this.#pairs); }

  #update() {
    if (this.#url !== undefined) internals.url.setQuery(this.#url, serialise(this.#pairs));
  }

  static {
    searchParams.pairsOf = (params) => params.#pairs;
    searchParams.isParams = (value) => webidl.isObject(value) && #pairs in value;
    searchParams.serialise = (params) => serialise(params.#pairs);
    searchParams.forURL = (url, query) => {
      const params = new URLSearchParams();
      params.#pairs = parse(query);
      params.#url = url;
      return params;
    };
    searchParams.replace = (params, query) => { params.#pairs = parse(query); };
  }
}

webidl.pairIterable(URLSearchParams, "URLSearchParams", searchParams.pairsOf);
webidl.exposeInterface(URLSearchParams);
webidl.setInspector(URLSearchParams, (params) => {
  const pairs = searchParams.pairsOf(params);
  if (pairs.length === 0) return "URLSearchParams {}";
  let text = "";
  for (let i = 0; i < pairs.length; i++) {
    text += `${i === 0 ? "" : ", "}${internals.inspect(pairs[i][0])} => ${internals.inspect(pairs[i][1])}`;
  }
  return `URLSearchParams { ${text} }`;
});

internals.URLSearchParams = URLSearchParams;
