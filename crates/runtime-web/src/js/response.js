// Response, as Fetch defines it, for a server: what a handler answers with, and what fetch gives.
//
// In `internals.responses`: `isResponse(v)`, `coreOf(response)`, class ResponseCore, `create(core)` makes the object,
// `forHost(response)` takes a handler's answer apart for the host and uses its body up.

const { JSONStringify, List, RangeError, StringPrototypeCharCodeAt, TypeError, isolate, putToUse } = internals.prim;
const { bodies, headers, ifLoaded, webidl } = internals;
const { ByteString, USVString } = webidl.converters;
const { illegal, isObject, requiredArguments } = webidl;

const responses = { __proto__: null };
internals.responses = responses;

// The dictionary ResponseInit, read by hand: answers are made too often for the general conversion.
class Init {
  constructor() {
    this.headers = undefined;
    this.status = 200;
    this.statusText = "";
    this.webSocket = null;
  }
}
isolate(Init);
const noInit = new Init();

// Web IDL's unsigned short. Most statuses are one already.
const unsignedShort = (value, prefix, context) =>
  typeof value === "number" && (value & 0xffff) === value
    ? value
    : webidl.converters.unsignedShort(value, prefix, context);

const readInit = (given, prefix) => {
  if (given === undefined || given === null) return noInit;
  if (!isObject(given)) throw new TypeError(`${prefix}: Argument 2 (ResponseInit) is not an object`);
  const init = new Init();
  init.headers = given.headers;
  const { status } = given;
  if (status !== undefined) init.status = unsignedShort(status, prefix, "Argument 2, member 'status',");
  const { statusText } = given;
  if (statusText !== undefined) init.statusText = ByteString(statusText, prefix, "Argument 2, member 'statusText',");
  const { webSocket } = given;
  if (webSocket !== undefined && webSocket !== null) {
    if (!isObject(webSocket) || ifLoaded("sockets")?.isWebSocket(webSocket) !== true) {
      throw new TypeError(`${prefix}: Argument 2, member 'webSocket', is not of type 'WebSocket'`);
    }
    init.webSocket = webSocket;
  }
  return init;
};

class ResponseCore {
  constructor(status, statusText, list) {
    this.status = status;
    this.statusText = statusText;
    this.list = list;
    this.headers = undefined;
    this.guard = "none";
    this.body = null;
    this.type = "default";
    this.url = "";
    this.redirected = false;
    // The client's end of a WebSocket, as Workers have it: a member of their own of the answer to an upgrade.
    this.webSocket = null;
  }
}
isolate(ResponseCore);
responses.ResponseCore = ResponseCore;

const isNullBodyStatus = (status) => status === 101 || status === 103 || status === 204 || status === 205 ||
  status === 304;

const checkReasonPhrase = (text, prefix) => {
  for (let i = 0; i < text.length; i++) {
    const code = StringPrototypeCharCodeAt(text, i);
    if (code !== 0x09 && (code < 0x20 || code === 0x7f)) {
      throw new TypeError(`${prefix}: the status text has a control character at index ${i}`);
    }
  }
};

// "Initialize a response" of Fetch; `extracted` is { body, type } or null.
const initialise = (init, extracted, prefix) => {
  const { status, statusText, webSocket } = init;
  if (webSocket !== null) {
    if (status !== 101) throw new RangeError(`${prefix}: a response with a WebSocket has status 101, not ${status}`);
  } else if (status < 200 || status > 599) {
    throw new RangeError(`${prefix}: the status ${status} is outside the range [200, 599]`);
  }
  checkReasonPhrase(statusText, prefix);
  const list = new headers.FieldList(new List());
  if (init.headers !== undefined) headers.fill(list, "none", init.headers, prefix, "Argument 2, member 'headers',");
  const core = new ResponseCore(status, statusText, list);
  core.webSocket = webSocket;
  if (extracted !== null) {
    if (isNullBodyStatus(status)) throw new TypeError(`${prefix}: a response with status ${status} has no body`);
    core.body = extracted.body;
    if (extracted.type !== null && !list.has("content-type")) list.append("content-type", extracted.type);
  }
  return core;
};

class Response {
  #core;

  constructor(body = null, init = undefined) {
    if (body === illegal) {
      this.#core = init;
      return;
    }
    const prefix = "Failed to construct 'Response'";
    const extracted = body === null || body === undefined ? null : bodies.extract(body, prefix, "Argument 1");
    this.#core = initialise(readInit(init, prefix), extracted, prefix);
  }

  static {
    responses.isResponse = (value) => isObject(value) && #core in value;
    responses.coreOf = (response) => response.#core;
    responses.create = (core) => new Response(illegal, core);
  }

  static error() {
    const core = new ResponseCore(0, "", new headers.FieldList(new List()));
    core.type = "error";
    core.guard = "immutable";
    return responses.create(core);
  }

  static redirect(location, status = 302) {
    const prefix = "Failed to execute 'redirect' on 'Response'";
    requiredArguments(arguments.length, 1, prefix);
    const text = USVString(location, prefix, "Argument 1");
    const code = unsignedShort(status, prefix, "Argument 2");
    const href = internals.settings.parse(text);
    if (href === null) throw new TypeError(`${prefix}: ${internals.settings.notUrl(text)}`);
    if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) {
      throw new RangeError(`${prefix}: ${code} is not a redirect status (301, 302, 303, 307, 308)`);
    }
    const core = new ResponseCore(code, "", headers.fromHost(["location", href]));
    core.guard = "immutable";
    return responses.create(core);
  }

  static json(data, init = undefined) {
    const prefix = "Failed to execute 'json' on 'Response'";
    requiredArguments(arguments.length, 1, prefix);
    const converted = readInit(init, prefix);
    const text = JSONStringify(data);
    if (text === undefined) throw new TypeError(`${prefix}: Argument 1 is not JSON serializable`);
    const extracted = { __proto__: null, body: bodies.ofText(text), type: "application/json" };
    return responses.create(initialise(converted, extracted, prefix));
  }

  get type() { return this.#core.type; }
  get url() { return this.#core.url; }
  get redirected() { return this.#core.redirected; }
  get status() { return this.#core.status; }

  get ok() {
    const { status } = this.#core;
    return status >= 200 && status <= 299;
  }

  get statusText() { return this.#core.statusText; }
  get webSocket() { return this.#core.webSocket; }

  get headers() {
    const core = this.#core;
    if (core.headers === undefined) core.headers = headers.create(core.list, core.guard);
    return core.headers;
  }

  clone() {
    const core = this.#core;
    if (core.webSocket !== null) {
      throw new TypeError("Failed to execute 'clone' on 'Response': a response with a WebSocket cannot be cloned");
    }
    if (core.body !== null && core.body.unusable) {
      throw new TypeError("Failed to execute 'clone' on 'Response': the body has been read or is locked");
    }
    const copy = new ResponseCore(core.status, core.statusText, core.list.copy());
    copy.guard = core.guard;
    copy.type = core.type;
    copy.url = core.url;
    copy.redirected = core.redirected;
    if (core.body !== null) copy.body = internals.bodyStreams.clone(core.body);
    return responses.create(copy);
  }
}
bodies.mixin(Response, "Response", responses.coreOf);
webidl.exposeInterface(Response);
putToUse(Response.prototype);

// { status, statusText, headers, bytes, source, stream, webSocket }: `bytes` or null, the id of a body that goes on
// untouched or -1, the core of a stream to be pumped or null, a WebSocket for the client or null. Throws a TypeError for what cannot be an answer.
responses.forHost = (response) => {
  const core = responses.coreOf(response);
  if (core.type === "error") throw new TypeError("the handler answered with Response.error()");
  const parts = {
    __proto__: null, status: core.status, statusText: core.statusText, headers: undefined, bytes: null,
    source: -1, stream: null, webSocket: core.webSocket,
  };
  const { body } = core;
  if (body === null) {
    parts.headers = core.list.flat();
    return parts;
  }
  if (body.unusable) {
    throw new TypeError("the handler answered with a Response whose body has been read already or is locked: " +
      "clone() it before it is read");
  }
  const contents = body.forHost();
  parts.headers = headers.flatWithLength(core.list, contents.streamLength);
  parts.bytes = contents.bytes;
  parts.stream = contents.stream;
  parts.source = contents.source;
  return parts;
};
