// The eight components of a URL pattern, as the URL Pattern specification defines them: out of one text with the syntax of
// a URL, or out of an object with a member for each, with what a base URL lends them; and what a URL would have in the
// place of a component's text. The syntax within a component is syntax.js.
//
// For other files, in `internals.urlPatternInit`: `names` of the components in order; `parse(text)` gives the members of an
// init; `process(init, isPattern)` gives all that the init and its base say; `compile(processed, ignoreCase)` gives the
// eight components; `ofURL(url)` gives the texts of a URL's. Whatever cannot be used is a TypeError.

const {
  Number, ObjectSetPrototypeOf, RegExpPrototypeExec, String, StringPrototypeEndsWith, StringPrototypeIncludes, StringPrototypeLastIndexOf,
  StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase, TypeError,
} = internals.prim;
const { urlPatternSyntax: syntax } = internals;
const { OPEN, CLOSE, REGEXP, NAME, CHAR, ESCAPED, ASTERISK, END, INVALID } = syntax.kinds;

const inits = { __proto__: null };
internals.urlPatternInit = inits;

inits.names = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

// --- Canonical texts -----------------------------------------------------------------------------------

const defaultPorts = { __proto__: null, ftp: "21", file: "", http: "80", https: "443", ws: "80", wss: "443" };
const isSpecial = (scheme) => defaultPorts[scheme] !== undefined;

const invalid = (what, value) => new TypeError(`'${value}' is not a valid ${what}`);

// The part of a URL that is otherwise empty, set as a URL's attribute is set.
const throughURL = (member, value) => {
  const dummy = internals.url.open("https://dummy.invalid/");
  internals.url.write(dummy, member, value);
  return internals.url.read(dummy, member);
};

const dropPrefix = (text, prefix) =>
  (StringPrototypeStartsWith(text, prefix) ? StringPrototypeSlice(text, 1) : text);

const canonical = { __proto__: null };

canonical.protocol = (value) => {
  const parsed = internals.url.open(`${value}://dummy.invalid/`);
  if (parsed === null) throw invalid("protocol", value);
  return StringPrototypeSlice(internals.url.read(parsed, "protocol"), 0, -1);
};

canonical.username = (value) => throughURL("username", value);
canonical.password = (value) => throughURL("password", value);

// A setter does not say whether it has refused a value; two hosts that both stay as they were do.
canonical.hostname = (value) => {
  const hosts = ["a.invalid", "b.invalid"];
  for (let i = 0; i < hosts.length; i++) {
    const dummy = internals.url.open(`https://${hosts[i]}/`);
    internals.url.write(dummy, "hostname", value);
    const hostname = internals.url.read(dummy, "hostname");
    if (hostname !== hosts[i]) return hostname;
  }
  throw invalid("hostname", value);
};

const outsideOfIPv6 = /[^\]:[0-9A-Fa-f]/;

canonical.ipv6 = (value) => {
  if (RegExpPrototypeExec(outsideOfIPv6, value) !== null) throw invalid("hostname", value);
  return StringPrototypeToLowerCase(value);
};

const leadingDigits = /^[0-9]+/;

const withoutBreaks = (text) =>
  StringPrototypeReplaceAll(StringPrototypeReplaceAll(StringPrototypeReplaceAll(text, "\t", ""), "\n", ""), "\r", "");

canonical.port = (value, protocol = "") => {
  const text = withoutBreaks(value);
  if (text === "") return "";
  const digits = RegExpPrototypeExec(leadingDigits, text);
  const port = digits === null ? Infinity : Number(digits[0]);
  if (port > 65535) throw invalid("port", value);
  return String(port) === defaultPorts[protocol] ? "" : String(port);
};

canonical.pathname = (value) => {
  if (StringPrototypeStartsWith(value, "/")) return throughURL("pathname", value);
  // Without a slash it is the end of a path, of which "/-" is the beginning.
  return StringPrototypeSlice(throughURL("pathname", `/-${value}`), 2);
};

// Between two signs, because a URL loses the spaces at its ends. The path ends before a query and a fragment.
canonical.opaquePathname = (value) => {
  const parsed = internals.url.open(`data:-${value}-`);
  if (parsed === null) return "";
  const isCut = StringPrototypeIncludes(value, "?") || StringPrototypeIncludes(value, "#");
  return StringPrototypeSlice(internals.url.read(parsed, "pathname"), 1, isCut ? undefined : -1);
};

canonical.search = (value) => dropPrefix(throughURL("search", `?${value}`), "?");
canonical.hash = (value) => dropPrefix(throughURL("hash", `#${value}`), "#");

// --- Out of an object ----------------------------------------------------------------------------------

const isAbsolute = (pathname, isPattern) => {
  if (StringPrototypeStartsWith(pathname, "/")) return true;
  return isPattern && (StringPrototypeStartsWith(pathname, "\\/") || StringPrototypeStartsWith(pathname, "{/"));
};

// What the base has in the place of a component, without the sign that goes with it.
const ofBase = (base, name) => {
  const text = internals.url.read(base, name);
  if (name === "protocol") return StringPrototypeSlice(text, 0, -1);
  return name === "search" || name === "hash" ? StringPrototypeSlice(text, 1) : text;
};

inits.ofURL = (url) => {
  const texts = { __proto__: null };
  for (let i = 0; i < inits.names.length; i++) texts[inits.names[i]] = ofBase(url, inits.names[i]);
  return texts;
};

// The base lends what comes before the first component that is there. User and password a pattern never takes from it.
const inherit = (result, init, base, isPattern) => {
  const lend = (name) => {
    const text = ofBase(base, name);
    result[name] = isPattern ? syntax.escape(text) : text;
  };
  if (init.protocol !== undefined) return;
  lend("protocol");
  if (!isPattern && init.hostname === undefined && init.port === undefined && init.username === undefined) {
    lend("username");
    if (init.password === undefined) lend("password");
  }
  const order = ["hostname", "port", "pathname", "search", "hash"];
  for (let i = 0; i < order.length; i++) {
    if (init[order[i]] !== undefined) return;
    lend(order[i]);
  }
};

const canonicalPathname = (value, protocol) =>
  (protocol === "" || isSpecial(protocol) ? canonical.pathname(value) : canonical.opaquePathname(value));

const resolvePathname = (pathname, base, isPattern) => {
  if (base === null || isAbsolute(pathname, isPattern) || internals.url.hasOpaquePath(base)) return pathname;
  const path = ofBase(base, "pathname");
  const from = isPattern ? syntax.escape(path) : path;
  const slash = StringPrototypeLastIndexOf(from, "/");
  return slash === -1 ? pathname : StringPrototypeSlice(from, 0, slash + 1) + pathname;
};

inits.process = (init, isPattern) => {
  const result = { __proto__: null };
  let base = null;
  if (!isPattern) {
    for (let i = 0; i < inits.names.length; i++) result[inits.names[i]] = "";
  }
  if (init.baseURL !== undefined) {
    base = internals.url.open(init.baseURL);
    if (base === null) throw invalid("base URL", init.baseURL);
    inherit(result, init, base, isPattern);
  }
  const set = (name, value, encode) => {
    result[name] = isPattern || value === "" ? value : encode(value);
  };
  const { protocol, username, password, hostname, port, pathname, search, hash } = init;
  if (protocol !== undefined) {
    set("protocol", StringPrototypeEndsWith(protocol, ":") ? StringPrototypeSlice(protocol, 0, -1) : protocol,
      canonical.protocol);
  }
  if (username !== undefined) set("username", username, canonical.username);
  if (password !== undefined) set("password", password, canonical.password);
  if (hostname !== undefined) set("hostname", hostname, canonical.hostname);
  if (port !== undefined) set("port", port, (value) => canonical.port(value, result.protocol));
  if (pathname !== undefined) {
    set("pathname", resolvePathname(pathname, base, isPattern),
      (value) => canonicalPathname(value, result.protocol ?? ""));
  }
  if (search !== undefined) set("search", dropPrefix(search, "?"), canonical.search);
  if (hash !== undefined) set("hash", dropPrefix(hash, "#"), canonical.hash);
  return result;
};

// --- Components ----------------------------------------------------------------------------------------

const matchesSpecialScheme = (component) => {
  for (const scheme in defaultPorts) {
    if (syntax.match(component, scheme) !== null) return true;
  }
  return false;
};

const isIPv6 = (hostname) =>
  hostname.length > 1 &&
  (hostname[0] === "[" || ((hostname[0] === "{" || hostname[0] === "\\") && hostname[1] === "["));

const plain = { __proto__: null, delimiter: "", prefix: "", ignoreCase: false };

inits.compile = (processed, ignoreCase) => {
  const { protocol = "*", username = "*", password = "*", hostname = "*", pathname = "*", search = "*", hash = "*" } =
    processed;
  let { port = "*" } = processed;
  if (isSpecial(protocol) && port === defaultPorts[protocol]) port = "";
  const withCase = { __proto__: null, delimiter: "", prefix: "", ignoreCase };
  const components = { __proto__: null };
  components.protocol = syntax.compile(protocol, canonical.protocol, plain);
  components.username = syntax.compile(username, canonical.username, plain);
  components.password = syntax.compile(password, canonical.password, plain);
  components.hostname = syntax.compile(hostname, isIPv6(hostname) ? canonical.ipv6 : canonical.hostname,
    { __proto__: null, delimiter: ".", prefix: "", ignoreCase: false });
  components.port = syntax.compile(port, (value) => canonical.port(value), plain);
  components.pathname = matchesSpecialScheme(components.protocol)
    ? syntax.compile(pathname, canonical.pathname, { __proto__: null, delimiter: "/", prefix: "/", ignoreCase })
    : syntax.compile(pathname, canonical.opaquePathname, withCase);
  components.search = syntax.compile(search, canonical.search, withCase);
  components.hash = syntax.compile(hash, canonical.hash, withCase);
  return components;
};

// --- Out of a text -------------------------------------------------------------------------------------

// The states of the parser that are no component's name.
const INIT = "init";
const AUTHORITY = "authority";
const DONE = "done";

const isOneOf = (names, name) => StringPrototypeIncludes(names, `|${name}|`);

class ConstructorParser {
  constructor(input) {
    this.input = input;
    this.tokens = syntax.tokenize(input, true);
    this.result = { __proto__: null };
    this.start = 0;
    this.index = 0;
    this.increment = 1;
    this.groupDepth = 0;
    this.bracketDepth = 0;
    this.isSpecial = false;
    this.state = INIT;
  }

  // --- What is at the parser's place

  token(index) {
    return this.tokens[index < this.tokens.length ? index : this.tokens.length - 1];
  }

  isPlain(text, index = this.index) {
    const token = this.token(index);
    return token.text === text && (token.kind === CHAR || token.kind === ESCAPED || token.kind === INVALID);
  }

  isSearchPrefix() {
    if (this.isPlain("?")) return true;
    if (this.token(this.index).text !== "?") return false;
    if (this.index === 0) return true;
    const { kind } = this.token(this.index - 1);
    return kind !== NAME && kind !== REGEXP && kind !== CLOSE && kind !== ASTERISK;
  }

  // --- Movements

  rewindTo(state) {
    this.index = this.start;
    this.increment = 0;
    this.state = state;
  }

  componentText() {
    return StringPrototypeSlice(this.input, this.token(this.start).start, this.token(this.index).start);
  }

  become(state, skip) {
    const { result, state: before } = this;
    if (!isOneOf("|init|authority|done|", before)) result[before] = this.componentText();
    if (before !== INIT && state !== DONE) {
      // A component that is left out before one that is there is empty.
      if (isOneOf("|protocol|authority|username|password|", before) && isOneOf("|port|pathname|search|hash|", state)) {
        result.hostname ??= "";
      }
      if (isOneOf("|protocol|authority|username|password|hostname|port|", before) && isOneOf("|search|hash|", state)) {
        result.pathname ??= this.isSpecial ? "/" : "";
      }
      if (isOneOf("|protocol|authority|username|password|hostname|port|pathname|", before) && state === "hash") {
        result.search ??= "";
      }
    }
    this.state = state;
    this.index += skip;
    this.start = this.index;
    this.increment = 0;
  }

  // --- Steps

  // To the first of the components that the text here begins; false if it begins none.
  enter(pathname, search, hash) {
    if (pathname && this.isPlain("/")) this.become("pathname", 0);
    else if (search && this.isSearchPrefix()) this.become("search", 1);
    else if (hash && this.isPlain("#")) this.become("hash", 1);
    else return false;
    return true;
  }

  atEnd() {
    if (this.state === INIT) {
      this.rewindTo(INIT);
      if (this.isPlain("#")) this.become("hash", 1);
      else if (this.isSearchPrefix()) this.become("search", 1);
      else this.become("pathname", 0);
    } else if (this.state === AUTHORITY) {
      this.rewindTo("hostname");
    } else {
      this.become(DONE, 0);
    }
  }

  atProtocolEnd() {
    this.isSpecial = matchesSpecialScheme(syntax.compile(this.componentText(), canonical.protocol, plain));
    if (this.isPlain("/", this.index + 1) && this.isPlain("/", this.index + 2)) this.become(AUTHORITY, 3);
    else this.become(this.isSpecial ? AUTHORITY : "pathname", 1);
  }

  inHostname() {
    if (this.isPlain("[")) this.bracketDepth += 1;
    else if (this.isPlain("]")) this.bracketDepth -= 1;
    else if (this.isPlain(":") && this.bracketDepth === 0) this.become("port", 1);
    else this.enter(true, true, true);
  }

  step() {
    switch (this.state) {
      case INIT:
        if (this.isPlain(":")) this.rewindTo("protocol");
        break;
      case "protocol":
        if (this.isPlain(":")) this.atProtocolEnd();
        break;
      case AUTHORITY:
        if (this.isPlain("@")) this.rewindTo("username");
        else if (this.isPlain("/") || this.isSearchPrefix() || this.isPlain("#")) this.rewindTo("hostname");
        break;
      case "username":
        if (this.isPlain(":")) this.become("password", 1);
        else if (this.isPlain("@")) this.become("hostname", 1);
        break;
      case "password":
        if (this.isPlain("@")) this.become("hostname", 1);
        break;
      case "hostname":
        this.inHostname();
        break;
      case "port":
        this.enter(true, true, true);
        break;
      case "pathname":
        this.enter(false, true, true);
        break;
      case "search":
        this.enter(false, false, true);
        break;
      default:
        break;
    }
  }

  // Whether what is here is inside of braces, and so ends no component.
  isGrouped() {
    const { kind } = this.token(this.index);
    if (kind === OPEN) {
      this.groupDepth += 1;
      return true;
    }
    if (this.groupDepth === 0) return false;
    if (kind !== CLOSE) return true;
    this.groupDepth -= 1;
    return false;
  }

  run() {
    while (this.index < this.tokens.length) {
      this.increment = 1;
      if (this.token(this.index).kind === END) {
        this.atEnd();
        if (this.state === DONE) break;
      } else if (!this.isGrouped()) {
        this.step();
      }
      this.index += this.increment;
    }
    if (this.result.hostname !== undefined) this.result.port ??= "";
    return this.result;
  }
}

// Off Object.prototype, where a guest may have put setters.
ObjectSetPrototypeOf(ConstructorParser.prototype, null);

inits.parse = (text) => new ConstructorParser(text).run();
