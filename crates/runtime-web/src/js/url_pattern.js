// URLPattern, as the URL Pattern specification defines it: the object that a guest has, its overloads and its results.
// What a pattern means is in the folder url_pattern.

const { TypeError, defineValue } = internals.prim;
const { urlPatternInit: inits, urlPatternSyntax: syntax, webidl } = internals;
const { USVString, boolean } = webidl.converters;

const { names } = inits;

const initMembers = ["baseURL", "hash", "hostname", "password", "pathname", "port", "protocol", "search", "username"];
const describeMember = (key) => ({ __proto__: null, key, converter: USVString });
const initDictionary = webidl.dictionary("URLPatternInit", [
  describeMember("baseURL"), describeMember("hash"), describeMember("hostname"), describeMember("password"),
  describeMember("pathname"), describeMember("port"), describeMember("protocol"), describeMember("search"),
  describeMember("username"),
]);

const optionsDictionary = webidl.dictionary("URLPatternOptions", [
  { __proto__: null, key: "ignoreCase", converter: boolean, defaultValue: () => false },
]);

const toComponent = webidl.enumeration("URLPatternComponent", names);
const toGroups = webidl.record(USVString, USVString);
let toPattern;

const isDictionary = (value) => value === undefined || value === null || webidl.isObject(value);

// (USVString or URLPatternInit)
const toInput = (value, prefix) =>
  (isDictionary(value) ? initDictionary : USVString)(value, prefix, "Argument 1");

const toInit = (input, baseURL, prefix) => {
  if (typeof input !== "string") {
    if (baseURL !== undefined) throw new TypeError(`${prefix}: a base URL goes with a string, or into the object`);
    return input;
  }
  const init = inits.parse(input);
  if (baseURL === undefined && init.protocol === undefined) {
    throw new TypeError(`${prefix}: '${input}' has no protocol, and there is no base URL`);
  }
  if (baseURL !== undefined) init.baseURL = baseURL;
  return init;
};

// The texts of a URL's components; null if the input is no URL.
const componentsOf = (input, baseURL, prefix) => {
  if (typeof input !== "string") {
    if (baseURL !== undefined) throw new TypeError(`${prefix}: a base URL goes with a string, or into the object`);
    try {
      return inits.process(input, false);
    } catch {
      return null;
    }
  }
  const url = internals.url.open(input, baseURL);
  return url === null ? null : inits.ofURL(url);
};

// The input as a guest gets it back.
const handBack = (input) => {
  if (typeof input === "string") return input;
  const object = {};
  for (let i = 0; i < initMembers.length; i++) {
    if (input[initMembers[i]] !== undefined) defineValue(object, initMembers[i], input[initMembers[i]]);
  }
  return object;
};

const componentResult = (component, input, captured) => {
  const groups = {};
  for (let i = 0; i < component.names.length; i++) defineValue(groups, component.names[i], captured[i]);
  return { groups, input };
};

// A dictionary's members come to a guest in alphabetical order.
const resultMembers = [
  "hash", "hostname", "inputs", "password", "pathname", "port", "protocol", "search", "username",
];

class URLPattern {
  #components;

  constructor(input = undefined, baseURLOrOptions = undefined, options = undefined) {
    const prefix = "Failed to construct 'URLPattern'";
    const converted = toInput(input, prefix);
    let baseURL;
    if (arguments.length < 3 && isDictionary(baseURLOrOptions)) options = baseURLOrOptions;
    else baseURL = USVString(baseURLOrOptions, prefix, "Argument 2");
    const { ignoreCase } = optionsDictionary(options, prefix, baseURL === undefined ? "Argument 2" : "Argument 3");
    const processed = inits.process(toInit(converted, baseURL, prefix), true);
    this.#components = inits.compile(processed, ignoreCase);
  }

  get protocol() { return this.#components.protocol.pattern; }
  get username() { return this.#components.username.pattern; }
  get password() { return this.#components.password.pattern; }
  get hostname() { return this.#components.hostname.pattern; }
  get port() { return this.#components.port.pattern; }
  get pathname() { return this.#components.pathname.pattern; }
  get search() { return this.#components.search.pattern; }
  get hash() { return this.#components.hash.pattern; }

  get hasRegExpGroups() {
    const components = this.#components;
    for (let i = 0; i < names.length; i++) {
      if (components[names[i]].hasRegExpGroups) return true;
    }
    return false;
  }

  test(input = undefined, baseURL = undefined) {
    const prefix = "Failed to execute 'test' on 'URLPattern'";
    const components = this.#components;
    input = toInput(input, prefix);
    if (baseURL !== undefined) baseURL = USVString(baseURL, prefix, "Argument 2");
    const texts = componentsOf(input, baseURL, prefix);
    if (texts === null) return false;
    for (let i = 0; i < names.length; i++) {
      if (syntax.match(components[names[i]], texts[names[i]]) === null) return false;
    }
    return true;
  }

  exec(input = undefined, baseURL = undefined) {
    const prefix = "Failed to execute 'exec' on 'URLPattern'";
    const components = this.#components;
    input = toInput(input, prefix);
    if (baseURL !== undefined) baseURL = USVString(baseURL, prefix, "Argument 2");
    const texts = componentsOf(input, baseURL, prefix);
    if (texts === null) return null;
    const found = { __proto__: null };
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      const captured = syntax.match(components[name], texts[name]);
      if (captured === null) return null;
      found[name] = componentResult(components[name], texts[name], captured);
    }
    found.inputs = baseURL === undefined ? [handBack(input)] : [handBack(input), baseURL];
    const result = {};
    for (let i = 0; i < resultMembers.length; i++) defineValue(result, resultMembers[i], found[resultMembers[i]]);
    return result;
  }

  generate(component, groups) {
    const prefix = "Failed to execute 'generate' on 'URLPattern'";
    const components = this.#components;
    webidl.requiredArguments(arguments.length, 2, prefix);
    const name = toComponent(component, prefix, "Argument 1");
    const pairs = toGroups(groups, prefix, "Argument 2");
    const values = { __proto__: null };
    for (let i = 0; i < pairs.length; i++) values[pairs[i][0]] = pairs[i][1];
    return syntax.generate(components[name], values);
  }

  static compareComponent(component, left, right) {
    const prefix = "Failed to execute 'compareComponent' on 'URLPattern'";
    webidl.requiredArguments(arguments.length, 3, prefix);
    const name = toComponent(component, prefix, "Argument 1");
    left = toPattern(left, prefix, "Argument 2");
    right = toPattern(right, prefix, "Argument 3");
    return syntax.compare(left.#components[name], right.#components[name]);
  }

  static {
    toPattern = webidl.interfaceType("URLPattern", (value) => #components in value);
  }
}
webidl.exposeInterface(URLPattern, "URLPattern", { __proto__: null, length: 0 });
