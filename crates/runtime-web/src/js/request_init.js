// What the constructor of Request makes of its arguments.
//
// In `internals.requestInit`: `build(input, init, prefix)` gives the core of the request, `copyOf(core)` what clone makes, and
// `signalOf(core)` the signal whose abort ends a fetch of it.

const { List, StringPrototypeStartsWith, StringPrototypeToUpperCase, TypeError } = internals.prim;
const { bodies, headers, requests, settings, webidl } = internals;
const { ByteString, DOMString, USVString, any, boolean } = webidl.converters;
const { enumeration, nullable } = webidl;
const { RequestCore } = requests;

const member = (key, converter) => ({ __proto__: null, key, converter });
const requestInit = webidl.dictionary("RequestInit", [
  member("body", any),
  member("cache", enumeration("RequestCache",
    ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"])),
  member("credentials", enumeration("RequestCredentials", ["omit", "same-origin", "include"])),
  member("duplex", enumeration("RequestDuplex", ["half"])),
  member("headers", any),
  member("integrity", DOMString),
  member("keepalive", boolean),
  member("method", ByteString),
  member("mode", enumeration("RequestMode", ["navigate", "same-origin", "no-cors", "cors"])),
  member("priority", enumeration("RequestPriority", ["high", "low", "auto"])),
  member("redirect", enumeration("RequestRedirect", ["follow", "error", "manual"])),
  member("referrer", USVString),
  member("referrerPolicy", enumeration("ReferrerPolicy",
    ["", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
      "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"])),
  member("signal", nullable(webidl.interfaceType("AbortSignal", (value) => internals.abort.isSignal(value)))),
  member("window", any),
]);
const noInit = requestInit(undefined, "", "");

// The signal whose abort ends a fetch of this request, or undefined if there can be none.
const signalOf = (core) => (core.signal === undefined ? core.follows : core.signal);

const copyMembers = (core, other) => {
  core.blob = other.blob;
  core.redirect = other.redirect;
  core.mode = other.mode;
  core.credentials = other.credentials;
  core.cache = other.cache;
  core.referrer = other.referrer;
  core.referrerPolicy = other.referrerPolicy;
  core.integrity = other.integrity;
  core.keepalive = other.keepalive;
  core.follows = signalOf(other);
};

const parseUrl = (input, prefix) => {
  const parts = native.urlParse(input, settings.base);
  if (parts === null) throw new TypeError(`${prefix}: ${settings.notUrl(input)}`);
  const href = parts[0];
  // Where the host starts is the "@" after a user name or password.
  if (StringPrototypeStartsWith(href, "@", parts[3])) throw new TypeError(`${prefix}: the URL '${href}' has a user name or password in it`);
  return href;
};

const normaliseMethod = (method, prefix) => {
  if (!internals.headers.isToken(method)) throw new TypeError(`${prefix}: '${method}' is not a valid HTTP method`);
  const upper = StringPrototypeToUpperCase(method);
  switch (upper) {
    case "CONNECT":
    case "TRACE":
    case "TRACK":
      throw new TypeError(`${prefix}: the method ${upper} is not allowed`);
    case "DELETE":
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "POST":
    case "PUT":
      return upper;
    default:
      return method;
  }
};

const readReferrer = (text, prefix) => {
  if (text === "") return "";
  const href = settings.parse(text);
  if (href === null) throw new TypeError(`${prefix}: the referrer ${settings.notUrl(text)}`);
  const isForeign = settings.origin !== undefined && native.urlOrigin(href) !== settings.origin;
  return isForeign || StringPrototypeStartsWith(href, "about:client") ? "about:client" : href;
};

// Whether a converted dictionary has no members.
const isEmpty = (init) => {
  for (const _ in init) return false;
  return true;
};

const applyMembers = (core, init, prefix) => {
  if (init.window !== undefined && init.window !== null) {
    throw new TypeError(`${prefix}: the member window can only be null`);
  }
  // What comes from elsewhere and is changed here is this worker's own request.
  if (!isEmpty(init)) {
    core.referrer = "about:client";
    core.referrerPolicy = "";
  }
  if (init.referrer !== undefined) core.referrer = readReferrer(init.referrer, prefix);
  if (init.referrerPolicy !== undefined) core.referrerPolicy = init.referrerPolicy;
  if (init.mode !== undefined) {
    if (init.mode === "navigate") throw new TypeError(`${prefix}: the mode 'navigate' is for navigations only`);
    core.mode = init.mode;
  }
  if (init.credentials !== undefined) core.credentials = init.credentials;
  if (init.cache !== undefined) core.cache = init.cache;
  if (core.cache === "only-if-cached" && core.mode !== "same-origin") {
    throw new TypeError(`${prefix}: the cache mode 'only-if-cached' needs the mode 'same-origin'`);
  }
  if (init.redirect !== undefined) core.redirect = init.redirect;
  if (init.integrity !== undefined) core.integrity = init.integrity;
  if (init.keepalive !== undefined) core.keepalive = init.keepalive;
  if (init.method !== undefined) core.method = normaliseMethod(init.method, prefix);
  if (core.mode === "no-cors") {
    if (core.method !== "GET" && core.method !== "HEAD" && core.method !== "POST") {
      throw new TypeError(`${prefix}: a request with the mode 'no-cors' has GET, HEAD or POST, not ${core.method}`);
    }
    core.guard = "request-no-cors";
  }
  if (init.signal !== undefined) core.follows = init.signal === null ? undefined : init.signal;
};

const takeBody = (core, init, from, prefix) => {
  const given = init.body !== undefined && init.body !== null;
  const inherited = from === undefined || init.body !== undefined ? null : from.body;
  if ((given || inherited !== null) && (core.method === "GET" || core.method === "HEAD")) {
    throw new TypeError(`${prefix}: a request with method ${core.method} has no body`);
  }
  if (given) {
    const { body, type } = bodies.extract(init.body, prefix, "Argument 2, member 'body',");
    if (core.keepalive && body.stream !== undefined) {
      throw new TypeError(`${prefix}: a request with keepalive has no stream as its body`);
    }
    core.body = body;
    if (type !== null && !core.list.has("content-type")) headers.append(core.list, core.guard, "content-type", type);
  } else if (inherited !== null) {
    if (inherited.unusable) {
      throw new TypeError(`${prefix}: the body of the request has been read or is locked: clone() it before`);
    }
    core.body = internals.bodyStreams.move(inherited);
  }
  if (core.body !== null && !core.body.isPlain && core.mode === "no-cors") {
    throw new TypeError(`${prefix}: a request with the mode 'no-cors' has no stream as its body`);
  }
};

const build = (input, initGiven, prefix) => {
  const from = requests.isRequest(input) ? requests.coreOf(input) : undefined;
  const text = from === undefined ? USVString(input, prefix, "Argument 1") : "";
  const init = initGiven === undefined ? noInit : requestInit(initGiven, prefix, "Argument 2");
  let core;
  if (from === undefined) {
    core = new RequestCore("GET", parseUrl(text, prefix), new headers.FieldList(new List()));
    if (StringPrototypeStartsWith(core.url, "blob:")) core.blob = internals.objectUrls.resolve(core.url);
  } else {
    core = new RequestCore(from.method, from.url, init.headers === undefined ? from.list.copy() :
      new headers.FieldList(new List()));
    copyMembers(core, from);
  }
  applyMembers(core, init, prefix);
  if (init.headers !== undefined) {
    headers.fill(core.list, core.guard, init.headers, prefix, "Argument 2, member 'headers',");
  } else if (core.mode === "no-cors") {
    const { fields } = core.list;
    core.list = new headers.FieldList(new List());
    for (let i = 0; i < fields.length; i += 2) headers.append(core.list, core.guard, fields[i], fields[i + 1]);
  }
  takeBody(core, init, from, prefix);
  return core;
};

// Of a core whose body can be cloned.
const copyOf = (core) => {
  const copy = new RequestCore(core.method, core.url, core.list.copy());
  copyMembers(copy, core);
  copy.guard = core.guard;
  if (core.body !== null) copy.body = internals.bodyStreams.clone(core.body);
  return copy;
};

internals.requestInit = { __proto__: null, build, copyOf, signalOf };
