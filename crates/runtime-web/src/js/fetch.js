// fetch(), the client's side: makes the request, hands it to the host, and makes the answer a Response. Connections,
// redirects and the policy of what may be reached are the host's. data: and blob: URLs are answered here.
//
// In `internals.fetching`: `start(core)` gives the promise that fetch gives for the core of a request.

const {
  MathMin, PromisePrototypeThen, PromiseReject, RegExpPrototypeExec, StringPrototypeCharCodeAt, StringPrototypeIndexOf,
  StringFromCharCode, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase, TypeError,
  TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, Uint8Array,
  isolate, promiseMarkHandled,
} = internals.prim;
const { bodies, headers, queues, requestInit, responses, settings, webidl } = internals;
const { Deferred } = queues;
const { ResponseCore } = responses;

// --- data: URLs ----------------------------------------------------------------------------------------

const hexValue = (code) => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
};

// Of a URL's text, which is ASCII: percent-decoded bytes.
const percentDecode = (text) => {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let code = StringPrototypeCharCodeAt(text, i);
    if (code === 0x25 && i + 2 < text.length) {
      const high = hexValue(StringPrototypeCharCodeAt(text, i + 1));
      const low = hexValue(StringPrototypeCharCodeAt(text, i + 2));
      if (high >= 0 && low >= 0) {
        code = high * 16 + low;
        i += 2;
      }
    }
    bytes[length++] = code;
  }
  if (length === text.length) return bytes;
  return webidl.copyOfBytes(new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), 0, length));
};

const bytesOfLatin1 = (text) => {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = StringPrototypeCharCodeAt(text, i);
  return bytes;
};

const latin1OfBytes = (bytes) => {
  let text = "";
  const length = TypedArrayPrototypeGetByteLength(bytes);
  for (let i = 0; i < length; i++) text += StringFromCharCode(bytes[i]);
  return text;
};

const base64Suffix = /; *base64$/i;

// The data: URL processor of Fetch: { bytes, type } or null.
const processDataUrl = (href) => {
  const hash = StringPrototypeIndexOf(href, "#");
  const text = StringPrototypeSlice(href, 5, hash === -1 ? href.length : hash);
  const comma = StringPrototypeIndexOf(text, ",");
  if (comma === -1) return null;
  const { mime } = internals;
  let type = headers.trimHttp(StringPrototypeSlice(text, 0, comma));
  let bytes = percentDecode(StringPrototypeSlice(text, comma + 1));
  const suffix = RegExpPrototypeExec(base64Suffix, type);
  if (suffix !== null) {
    const decoded = native.atob(latin1OfBytes(bytes));
    if (decoded === null) return null;
    bytes = bytesOfLatin1(decoded);
    type = StringPrototypeSlice(type, 0, suffix.index);
  }
  if (StringPrototypeStartsWith(type, ";")) type = `text/plain${type}`;
  const parsed = mime.parse(type);
  return {
    __proto__: null, bytes, type: parsed === null ? "text/plain;charset=US-ASCII" : mime.serialise(parsed),
  };
};

const fetchData = (core) => {
  const found = processDataUrl(core.url);
  if (found === null) throw new TypeError("Failed to fetch: the data: URL has no comma or is not valid base64");
  const response = new ResponseCore(200, "OK", headers.fromHost(["content-type", found.type]));
  response.type = "basic";
  response.guard = "immutable";
  response.url = core.url;
  if (core.method !== "HEAD") {
    response.body = bodies.ofBytes(found.bytes);
    response.body.exclusive = true;
  }
  return response;
};

// --- blob: URLs ----------------------------------------------------------------------------------------

const rangeHeader = /^bytes[ \t]*=[ \t]*([0-9]*)[ \t]*-[ \t]*([0-9]*)$/;

// A single range of `size` bytes as { start, length }, undefined if the header asks for something else or for nothing.
const parseRange = (header, size) => {
  const match = RegExpPrototypeExec(rangeHeader, header);
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const length = MathMin(+match[2], size);
    return length === 0 ? undefined : { __proto__: null, start: size - length, length };
  }
  const start = +match[1];
  const end = match[2] === "" ? size - 1 : MathMin(+match[2], size - 1);
  return start > end ? undefined : { __proto__: null, start, length: end - start + 1 };
};

const fetchBlob = (core) => {
  if (core.blob === undefined) throw new TypeError(`Failed to fetch: there is nothing under '${core.url}' (any more)`);
  if (core.method !== "GET") throw new TypeError(`Failed to fetch: a blob: URL has GET, not ${core.method}`);
  const { blobs } = internals;
  let bytes = blobs.bytesOf(core.blob);
  const size = TypedArrayPrototypeGetByteLength(bytes);
  const type = blobs.typeOf(core.blob);
  const range = core.list.get("range");
  let response;
  if (range === null) {
    const fields = ["content-length", `${size}`, "content-type", type];
    response = new ResponseCore(200, "OK", headers.fromHost(fields));
  } else {
    const part = parseRange(range, size);
    if (part === undefined) throw new TypeError(`Failed to fetch: the range '${range}' is not one of the blob's`);
    const { start, length } = part;
    bytes = new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, length);
    const of = `bytes ${start}-${start + length - 1}/${size}`;
    const fields = ["content-length", `${length}`, "content-type", type, "content-range", of];
    response = new ResponseCore(206, "Partial Content", headers.fromHost(fields));
  }
  response.type = "basic";
  response.guard = "immutable";
  response.url = core.url;
  response.body = bodies.ofBytes(bytes);
  return response;
};

// --- Requests to the host ------------------------------------------------------------------------------

const isNullBody = (method, status) => method === "HEAD" || status === 101 || status === 204 || status === 205 ||
  status === 304;

// One call of fetch: from the host's operation to the end of the response's body. An abort of the signal cancels
// whichever of them is under way.
class FetchCall extends Deferred {
  constructor(core, signal) {
    super();
    this.core = core;
    this.signal = signal;
    this.operation = -1;
    this.pump = undefined;
    this.responseBody = undefined;
    // As on Workers, an upgrade is asked for by a header, and its answer has a WebSocket.
    this.wantsSocket = core.method === "GET" && isUpgrade(core.list.get("upgrade"));
    this.socket = -1;
    this.onAbort = undefined;
    if (signal !== undefined) {
      this.onAbort = () => this.abort(internals.abort.reason(signal));
      internals.abort.addAlgorithm(signal, this.onAbort);
    }
  }

  start() {
    const { core } = this;
    let bytes = null;
    let source = -1;
    let stream = null;
    let streamLength = undefined;
    if (core.body !== null) {
      const parts = core.body.forHost();
      bytes = parts.bytes;
      stream = parts.stream;
      streamLength = parts.streamLength;
      source = parts.source;
      if (stream !== null) source = native.pipeOpen();
    }
    const answer = this.wantsSocket
      ? this.connect()
      : native.fetch(core.method, core.url, sentFields(core, streamLength), bytes, source, core.redirect, core.mode,
        settings.origin, referrerOf(core), core.referrerPolicy);
    this.operation = native.lastOp();
    PromisePrototypeThen(answer, (result) => this.respond(result), (error) => {
      this.done();
      if (this.wantsSocket) native.socketDrop(this.socket);
      if (this.pump !== undefined) this.pump.abort(error);
      this.reject(error);
    });
    if (stream !== null) {
      this.pump = internals.pumps.start(stream, source);
      // A failing body fails the request, and is told by it.
      promiseMarkHandled(this.pump.promise);
    }
  }

  connect() {
    const { core } = this;
    const list = core.list.copy();
    for (let i = 0; i < ofHandshake.length; i++) list.delete(ofHandshake[i]);
    if (settings.origin !== undefined && !list.has("origin")) list.append("origin", settings.origin);
    const answer = native.socketConnect(webSocketUrl(core.url), list.flat());
    this.socket = native.socketLast();
    return answer;
  }

  // The other side speaks WebSocket.
  open(result) {
    const response = new ResponseCore(101, "Switching Protocols", headers.fromHost(result.headers));
    response.type = "basic";
    response.guard = "immutable";
    response.url = withoutFragment(this.core.url);
    response.webSocket = internals.sockets.fromHost(this.socket, response.list.get("sec-websocket-protocol"));
    this.done();
    this.resolve(responses.create(response));
  }

  respond(result) {
    const { core } = this;
    this.operation = -1;
    if (this.wantsSocket) {
      if (result.isOpen) {
        this.open(result);
        return;
      }
      native.socketDrop(this.socket);
    }
    const response = new ResponseCore(result.status, result.statusText, headers.fromHost(result.headers));
    response.type = "basic";
    response.guard = "immutable";
    response.url = withoutFragment(result.url);
    response.redirected = result.redirected;
    if (result.body !== -1) {
      const body = bodies.fromHost(result.body);
      const hosted = internals.hostBodies.of(body);
      if (isNullBody(core.method, result.status)) {
        hosted.cancel();
        this.done();
      } else {
        response.body = body;
        this.responseBody = hosted;
        if (this.signal !== undefined) this.responseBody.onEnd = () => this.done();
      }
    } else {
      this.done();
    }
    answer(this, core, response);
  }

  abort(reason) {
    this.reject(reason);
    if (this.operation !== -1) {
      native.cancelOp(this.operation);
      if (this.wantsSocket) native.socketDrop(this.socket);
    }
    this.operation = -1;
    if (this.pump !== undefined) this.pump.abort(reason);
    if (this.responseBody !== undefined) this.responseBody.abort(reason);
  }

  // Nothing is left that an abort could stop.
  done() {
    if (this.signal !== undefined) internals.abort.removeAlgorithm(this.signal, this.onAbort);
  }
}
isolate(FetchCall);

// What a handshake consists of is made by whoever makes it.
const ofHandshake = [
  "connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
];

const isUpgrade = (value) => value !== null && StringPrototypeToLowerCase(value) === "websocket";

// Of a URL whose scheme is http or https.
const webSocketUrl = (href) => `ws${StringPrototypeSlice(withoutFragment(href), 4)}`;

const withoutFragment = (href) => {
  const hash = StringPrototypeIndexOf(href, "#");
  return hash === -1 ? href : StringPrototypeSlice(href, 0, hash);
};

// The request's headers, with those that its cache mode asks caches on the way for; there is no cache here.
const sentFields = (core, streamLength) => {
  const fresh = core.cache === "no-store" || core.cache === "reload";
  if (!fresh && core.cache !== "no-cache") return headers.flatWithLength(core.list, streamLength);
  const list = core.list.copy();
  if (fresh && !list.has("pragma")) list.append("pragma", "no-cache");
  if (!list.has("cache-control")) list.append("cache-control", fresh ? "no-cache" : "max-age=0");
  return headers.flatWithLength(list, streamLength);
};

// The URL that the request comes from, of which its policy says how much is told; "" for none.
const referrerOf = (core) => (core.referrer === "about:client" ? settings.base : core.referrer);

// Settles what fetch has promised: with the response, if its body is what the request's integrity metadata says.
const answer = (promised, core, response) => {
  if (core.integrity === "") {
    promised.resolve(responses.create(response));
    return;
  }
  const { body } = response;
  const check = (bytes) => {
    PromisePrototypeThen(internals.integrity.matches(core.integrity, bytes), (isRight) => {
      if (!isRight) {
        promised.reject(new TypeError(`Failed to fetch: what ${core.url} answered is not what 'integrity' asks for`));
        return;
      }
      if (body !== null && !body.isPlain) {
        response.body = bodies.ofBytes(bytes);
        response.body.exclusive = true;
      }
      promised.resolve(responses.create(response));
    }, promised.reject);
  };
  if (body === null) check(new Uint8Array(0));
  else if (body.isPlain) check(body.plainBytes());
  else internals.bodyReading.collect(body, check, promised.reject);
};

const start = (core) => {
  const signal = requestInit.signalOf(core);
  if (signal !== undefined && internals.abort.isAborted(signal)) {
    const reason = internals.abort.reason(signal);
    if (core.body !== null && core.body.stream !== undefined && !core.body.unusable) {
      promiseMarkHandled(core.body.stream.cancel(reason));
    }
    return PromiseReject(reason);
  }
  const isData = StringPrototypeStartsWith(core.url, "data:");
  if (isData || StringPrototypeStartsWith(core.url, "blob:")) {
    const answered = new Deferred();
    answer(answered, core, isData ? fetchData(core) : fetchBlob(core));
    return answered.promise;
  }
  if (!StringPrototypeStartsWith(core.url, "http:") && !StringPrototypeStartsWith(core.url, "https:")) {
    const scheme = StringPrototypeSlice(core.url, 0, StringPrototypeIndexOf(core.url, ":"));
    throw new TypeError(`Failed to fetch: the URL scheme '${scheme}' is not supported: use http, https, data or blob`);
  }
  if (core.mode === "same-origin" && settings.origin !== undefined && native.urlOrigin(core.url) !== settings.origin) {
    throw new TypeError(`Failed to fetch: the mode is 'same-origin', and ${core.url} is not of ${settings.origin}`);
  }
  if (core.cache === "only-if-cached") {
    throw new TypeError("Failed to fetch: the cache mode is 'only-if-cached', and nothing is cached here");
  }
  const call = new FetchCall(core, signal);
  call.start();
  return call.promise;
};

internals.fetching = { __proto__: null, start };

webidl.exposeOperations({
  __proto__: null,
  fetch(input, init = undefined) {
    const prefix = "Failed to execute 'fetch'";
    try {
      webidl.requiredArguments(arguments.length, 1, prefix);
      return start(requestInit.build(input, init, prefix));
    } catch (error) {
      return PromiseReject(error);
    }
  },
});
