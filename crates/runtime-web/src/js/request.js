// Request, as Fetch defines it, for a server. Members that only mean something to a browser (credentials, keepalive, ...)
// are checked and kept, and have no effect on the host's fetch.
//
// In `internals.requests`: `isRequest(v)`, `coreOf(request)`, class RequestCore, `fromHost(method, url, flat, rid)` gives
// the Request of an event. What the constructor makes of its arguments is in request_init.js.

const { TypeError, isolate, putToUse } = internals.prim;
const { bodies, headers, webidl } = internals;
const { illegal, isObject } = webidl;

const requests = { __proto__: null };
internals.requests = requests;

class RequestCore {
  constructor(method, href, list) {
    this.method = method;
    this.url = href;
    this.list = list;
    this.headers = undefined;
    this.guard = "none";
    this.body = null;
    // What a blob: URL stood for when the request was made.
    this.blob = undefined;
    this.redirect = "follow";
    this.mode = "cors";
    this.credentials = "same-origin";
    this.cache = "default";
    this.referrer = "about:client";
    this.referrerPolicy = "";
    this.integrity = "";
    this.keepalive = false;
    // The signal that this request follows, and the one that a guest sees; the latter is made when it is asked for.
    this.follows = undefined;
    this.signal = undefined;
  }
}
isolate(RequestCore);
requests.RequestCore = RequestCore;

class Request {
  #core;

  constructor(input, init = undefined) {
    if (input === illegal) {
      this.#core = init;
      return;
    }
    const prefix = "Failed to construct 'Request'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    this.#core = internals.requestInit.build(input, init, prefix);
  }

  static {
    requests.isRequest = (value) => isObject(value) && #core in value;
    requests.coreOf = (request) => request.#core;
  }

  get method() { return this.#core.method; }
  get url() { return this.#core.url; }

  get headers() {
    const core = this.#core;
    if (core.headers === undefined) core.headers = headers.create(core.list, core.guard);
    return core.headers;
  }

  get destination() {
    this.#core;
    return "";
  }

  get referrer() { return this.#core.referrer; }
  get referrerPolicy() { return this.#core.referrerPolicy; }
  get mode() { return this.#core.mode; }
  get credentials() { return this.#core.credentials; }
  get cache() { return this.#core.cache; }
  get redirect() { return this.#core.redirect; }
  get integrity() { return this.#core.integrity; }
  get keepalive() { return this.#core.keepalive; }

  get isReloadNavigation() {
    this.#core;
    return false;
  }

  get isHistoryNavigation() {
    this.#core;
    return false;
  }

  get signal() {
    const core = this.#core;
    if (core.signal === undefined) {
      core.signal = core.follows === undefined ? internals.abort.create() : internals.abort.dependent([core.follows]);
    }
    return core.signal;
  }

  get duplex() {
    this.#core;
    return "half";
  }

  clone() {
    const core = this.#core;
    if (core.body !== null && core.body.unusable) {
      throw new TypeError("Failed to execute 'clone' on 'Request': the body has been read or is locked");
    }
    return new Request(illegal, internals.requestInit.copyOf(core));
  }
}
bodies.mixin(Request, "Request", requests.coreOf);
webidl.exposeInterface(Request, "Request", { __proto__: null, length: 1 });
putToUse(Request.prototype);

requests.fromHost = (method, href, flat, rid) => {
  const core = new RequestCore(method, href, headers.fromHost(flat));
  core.guard = "immutable";
  core.redirect = "manual";
  if (rid !== -1) core.body = bodies.fromHost(rid);
  return new Request(illegal, core);
};
