// WebSocket, as the WebSockets specification defines it, and WebSocketPair, as Workers have it for the side of the
// server: two sockets that speak to each other, of which one is given to the client as `webSocket` of a response.
//
// A socket of the host's is the end of a queue of messages, known by number; one read of it is always under way while
// the socket is accepted. Numbers belong to a request: a socket of an earlier request is closed, without an event.
//
// In `internals.sockets`: `isWebSocket(v)`, `fromHost(number, protocol)` makes the socket of an answer to an upgrade,
// `answer(invocation, status, statusText, headers, socket)` answers an event with one for the client. What
// WebSocketStream does the same way is there, too: `url`, `joinProtocols`, `fieldsOfHandshake`, `refusal`, `protocolOf`, `checkClose`, `messageOf`.

const {
  List, PromisePrototypeThen, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith,
  StringPrototypeToLowerCase, SymbolIterator, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  defineValue,
} = internals.prim;
const { EventTarget, events, requestEpoch, settings, webidl } = internals;
const { DOMString, USVString, unsignedShortClamp } = webidl.converters;
const { illegal, isObject, requiredArguments } = webidl;

const sockets = { __proto__: null };
internals.sockets = sockets;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

// The close code of a connection that was broken.
const BROKEN = 1006;
// The bytes that a reason may have.
const LONGEST_REASON = 123;

const syntaxError = (message) => internals.domException(message, "SyntaxError");
const lengthOf = TypedArrayPrototypeGetByteLength;

// The URL of a socket, whose scheme is ws or wss.
const socketUrl = (text, prefix) => {
  let href = settings.parse(text);
  if (href === null) throw syntaxError(`${prefix}: ${settings.notUrl(text)}`);
  if (StringPrototypeStartsWith(href, "http:") || StringPrototypeStartsWith(href, "https:")) {
    href = `ws${StringPrototypeSlice(href, 4)}`;
  }
  if (!StringPrototypeStartsWith(href, "ws:") && !StringPrototypeStartsWith(href, "wss:")) {
    throw syntaxError(`${prefix}: the scheme of '${href}' is not ws, wss, http or https`);
  }
  if (StringPrototypeIndexOf(href, "#") !== -1) throw syntaxError(`${prefix}: '${href}' has a fragment`);
  return href;
};

// The header fields of a handshake that asks for these protocols, joined; "" for none.
sockets.fieldsOfHandshake = (protocols) => {
  const list = new internals.headers.FieldList(new List());
  if (protocols !== "") list.append("sec-websocket-protocol", protocols);
  if (settings.origin !== undefined) list.append("origin", settings.origin);
  return list.flat();
};

// (DOMString or sequence<DOMString>), as an array or list.
const toProtocols = (given, prefix) => {
  if (given === undefined) return [];
  if (isObject(given)) {
    const method = given[SymbolIterator];
    if (method !== undefined && method !== null) {
      if (typeof method !== "function") throw new TypeError(`${prefix}: Argument 2 is not iterable`);
      return webidl.sequenceFrom(given, method, DOMString, prefix, "Argument 2");
    }
  }
  return [DOMString(given, prefix, "Argument 2")];
};

const joinProtocols = (protocols, prefix) => {
  const seen = { __proto__: null };
  let joined = "";
  for (let i = 0; i < protocols.length; i++) {
    const protocol = protocols[i];
    if (!internals.headers.isToken(protocol)) throw syntaxError(`${prefix}: '${protocol}' is not a valid protocol`);
    const key = StringPrototypeToLowerCase(protocol);
    if (seen[key] === true) throw syntaxError(`${prefix}: the protocol '${protocol}' is there twice`);
    seen[key] = true;
    joined = i === 0 ? protocol : `${joined}, ${protocol}`;
  }
  return joined;
};

// (BufferSource or Blob or USVString), as a text or bytes.
const toPayload = (value, prefix) => {
  if (isObject(value)) {
    if (internals.ifLoaded("blobs")?.isBlob(value)) return internals.blobs.bytesOf(value);
    if (webidl.isArrayBuffer(value) || webidl.isView(value)) {
      return webidl.bytesOf(webidl.converters.BufferSource(value, prefix, "Argument 1"));
    }
  }
  return USVString(value, prefix, "Argument 1");
};

// The code with which a side closes, or undefined for none. Throws for a code or reason that a side may not give.
sockets.checkClose = (code, reason, prefix) => {
  if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
    throw internals.domException(`${prefix}: the code must be 1000 or from 3000 to 4999, not ${code}`,
      "InvalidAccessError");
  }
  if (reason !== "" && byteLength(reason) > LONGEST_REASON) {
    throw syntaxError(`${prefix}: the reason has more than ${LONGEST_REASON} bytes`);
  }
  return code === undefined && reason !== "" ? 1000 : code;
};

// The protocol that the other side has chosen.
sockets.protocolOf = (result) => internals.headers.fromHost(result.headers).get("sec-websocket-protocol") ?? "";

// Why an answer of the host's is none that opens a socket which was to speak one of these protocols.
sockets.refusal = (result, protocols) => {
  if (!result.isOpen) {
    if (result.body !== -1) native.bodyCancel(result.body);
    return `the server answered with status ${result.status}, expected 101`;
  }
  return protocols !== "" && sockets.protocolOf(result) === ""
    ? "the server chose none of the protocols that it was asked for" : undefined;
};

// The message of an error of the host's.
sockets.messageOf = (error) => {
  try {
    return `${error.message}`;
  } catch {
    return "the WebSocket failed";
  }
};

sockets.url = socketUrl;
sockets.joinProtocols = joinProtocols;

const byteLength = (payload) => lengthOf(typeof payload === "string" ? native.encodeUtf8(payload) : payload);

const makeEvent = (name, type, init) => new internals[name](type, init);

// How a socket came to be.
const BY_GUEST = 0;
const OF_PAIR = 1;
const OF_ANSWER = 2;

class WebSocket extends EventTarget {
  #url = "";
  #state = CONNECTING;
  // The number of the host's end, or -1.
  #end = -1;
  #epoch = requestEpoch.value;
  // The host's operation under way: the connection, and then the read that was made last.
  #operation = -1;
  #protocol = "";
  #binaryType = "blob";
  #origin = "";
  #kind = BY_GUEST;
  #isAccepted = true;
  #isGiven = false;
  // Of a pair: the other one.
  #peer = undefined;
  // What was sent and will not be taken any more, in bytes.
  #lost = 0;
  // Called when the socket is closed.
  #onOver = undefined;
  #onArrival = (arrival) => this.#take(arrival);
  #onBroken = () => this.#close(BROKEN, "", false);

  constructor(url, protocols = undefined) {
    super();
    if (url === illegal) {
      this.#end = protocols.end;
      this.#protocol = protocols.protocol;
      this.#kind = protocols.kind;
      this.#state = OPEN;
      this.#isAccepted = false;
      this.#binaryType = "arraybuffer";
      return;
    }
    const prefix = "Failed to construct 'WebSocket'";
    requiredArguments(arguments.length, 1, prefix);
    const text = USVString(url, prefix, "Argument 1");
    const list = toProtocols(protocols, prefix);
    this.#url = socketUrl(text, prefix);
    this.#connect(joinProtocols(list, prefix));
  }

  static {
    sockets.isWebSocket = (value) => isObject(value) && #isGiven in value;
    sockets.create = (end, kind, protocol) =>
      new WebSocket(illegal, { __proto__: null, end, kind, protocol: protocol ?? "" });
    sockets.entangle = (first, second) => {
      first.#peer = second;
      second.#peer = first;
    };
    // Answers an event with a socket for the client. The event goes on until it is closed.
    sockets.answer = (invocation, status, statusText, headers, socket) => {
      let end;
      try {
        end = socket.#give(() => invocation.release());
      } catch (error) {
        invocation.fail("bad-response", error);
        return;
      }
      invocation.holds += 1;
      invocation.respond(status, statusText, headers, null, -1, end);
    };
  }

  get url() { return this.#url; }

  get readyState() { return this.#isStale ? CLOSED : this.#state; }

  get bufferedAmount() {
    const lost = this.#lost;
    return this.#end === -1 || this.#isStale ? lost : lost + native.socketBuffered(this.#end);
  }

  get extensions() {
    this.#state;
    return "";
  }

  get protocol() { return this.#protocol; }

  get binaryType() { return this.#binaryType; }
  set binaryType(value) {
    this.#state;
    const text = DOMString(value, "Failed to set the 'binaryType' property on 'WebSocket'", "The value");
    if (text === "blob" || text === "arraybuffer") this.#binaryType = text;
  }

  close(code = undefined, reason = undefined) {
    this.#state;
    const prefix = "Failed to execute 'close' on 'WebSocket'";
    if (code !== undefined) code = unsignedShortClamp(code, prefix, "Argument 1");
    reason = reason === undefined ? "" : USVString(reason, prefix, "Argument 2");
    code = sockets.checkClose(code, reason, prefix);
    if (this.readyState >= CLOSING) return;
    this.#checkAccepted(prefix);
    if (this.#state === CONNECTING) {
      this.#abandon("the WebSocket was closed before it was open");
      return;
    }
    this.#state = CLOSING;
    native.socketClose(this.#end, code ?? -1, reason);
  }

  send(data) {
    this.#state;
    const prefix = "Failed to execute 'send' on 'WebSocket'";
    requiredArguments(arguments.length, 1, prefix);
    const payload = toPayload(data, prefix);
    const state = this.readyState;
    if (state === CONNECTING) {
      throw internals.domException(`${prefix}: the WebSocket is not open yet`, "InvalidStateError");
    }
    if (state >= CLOSING) {
      this.#lost += byteLength(payload);
      return;
    }
    this.#checkAccepted(prefix);
    const failure = native.socketSend(this.#end, payload);
    if (failure !== undefined) this.#abandon(failure);
  }

  // Of Workers: takes up a socket of a pair or of an answer.
  accept() {
    this.#state;
    const prefix = "Failed to execute 'accept' on 'WebSocket'";
    if (this.#kind === BY_GUEST) throw new TypeError(`${prefix}: a WebSocket of the constructor's needs no accept()`);
    if (this.#isGiven) throw new TypeError(`${prefix}: the WebSocket was used in a response already`);
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    if (!this.#isStale) this.#receive();
  }

  // --- Opening

  get #isStale() { return this.#epoch !== requestEpoch.value; }

  #connect(protocols) {
    try {
      const answer = native.socketConnect(this.#url, sockets.fieldsOfHandshake(protocols));
      this.#operation = native.lastOp();
      this.#end = native.socketLast();
      PromisePrototypeThen(answer, (result) => this.#open(result, protocols), (error) => this.#failToOpen(error));
    } catch (error) {
      // What the host refuses at once is told as late as anything else.
      this.#abandon(sockets.messageOf(error));
    }
  }

  #open(result, protocols) {
    if (this.#state !== CONNECTING) return;
    this.#operation = -1;
    const refusal = sockets.refusal(result, protocols);
    if (refusal !== undefined) {
      this.#close(BROKEN, "", false, refusal);
      return;
    }
    this.#protocol = sockets.protocolOf(result);
    this.#origin = native.urlOrigin(this.#url);
    this.#state = OPEN;
    events.dispatch(this, makeEvent("Event", "open"));
    if (this.#state < CLOSED) this.#receive();
  }

  #failToOpen(error) {
    if (this.#state !== CONNECTING) return;
    this.#close(BROKEN, "", false, sockets.messageOf(error));
  }

  // --- Messages

  #receive() {
    const arrival = native.socketReceive(this.#end);
    this.#operation = native.lastOp();
    PromisePrototypeThen(arrival, this.#onArrival, this.#onBroken);
  }

  #take(arrival) {
    if (this.#state === CLOSED) return;
    if (arrival === null) {
      this.#close(BROKEN, "", false);
    } else if (typeof arrival === "string") {
      this.#deliver(arrival);
    } else if (arrival.bytes !== undefined) {
      const { bytes } = arrival;
      this.#deliver(this.#binaryType === "blob"
        ? internals.blobs.create(bytes, "") : TypedArrayPrototypeGetBuffer(bytes));
    } else if (arrival.code === undefined) {
      this.#close(BROKEN, "", false, arrival.reason);
    } else {
      // Answering a close is what a socket does by itself. One that has closed already does nothing by this.
      const { code, reason } = arrival;
      native.socketClose(this.#end, code, reason);
      this.#state = CLOSING;
      this.#close(code, reason, true);
    }
  }

  #deliver(data) {
    if (this.#state === OPEN) {
      events.dispatch(this, internals.messageEvent("message", data, undefined, this.#origin));
    }
    // A listener may have had the connection fail.
    if (this.#state < CLOSED && this.#end !== -1) this.#receive();
  }

  // --- The end

  // Has the connection fail, because of something that the guest does right now: the events come later.
  #abandon(message) {
    this.#state = CLOSING;
    this.#letGo();
    internals.timers.start(() => this.#close(BROKEN, "", false, message), 0);
  }

  // Gives up what the host holds.
  #letGo() {
    if (this.#operation !== -1) native.cancelOp(this.#operation);
    this.#operation = -1;
    if (this.#end === -1) return;
    this.#lost += native.socketBuffered(this.#end);
    native.socketDrop(this.#end);
    this.#end = -1;
  }

  #close(code, reason, wasClean, failure = undefined) {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    // The read that brought this about is over.
    this.#operation = -1;
    this.#letGo();
    if (failure !== undefined) {
      events.dispatch(this, makeEvent("ErrorEvent", "error", { __proto__: null, message: failure }));
    }
    events.dispatch(this, makeEvent("CloseEvent", "close", { __proto__: null, code, reason, wasClean }));
    const onOver = this.#onOver;
    this.#onOver = undefined;
    if (onOver !== undefined) onOver();
  }

  // --- Responses

  #checkAccepted(prefix) {
    if (this.#isAccepted) return;
    throw new TypeError(this.#isGiven
      ? `${prefix}: the WebSocket was used in a response, and is the client's`
      : `${prefix}: call accept() on the WebSocket first`);
  }

  #give(onOver) {
    const cannot = this.#kind === BY_GUEST ? "was made by the WebSocket constructor"
      : this.#isGiven ? "was used in a response already"
      : this.#isAccepted ? "was accepted"
      : this.#isStale ? "belongs to an earlier request" : undefined;
    if (cannot !== undefined) throw new TypeError(`the handler answered with a WebSocket that ${cannot}`);
    this.#isGiven = true;
    const end = this.#end;
    const peer = this.#peer;
    if (peer === undefined) {
      // Nobody but the host has the other end.
      PromisePrototypeThen(native.socketOver(end), onOver);
    } else if (peer.#state === CLOSED) {
      internals.timers.start(onOver, 0);
    } else {
      peer.#onOver = onOver;
      // An end that nobody accepts would never learn that the client has gone. One that has failed has no number, and is
      // closed soon.
      if (peer.#end !== -1) {
        PromisePrototypeThen(native.socketOver(peer.#end), () => {
          if (!peer.#isAccepted) peer.#close(BROKEN, "", false);
        });
      }
    }
    this.#end = -1;
    this.#state = CLOSED;
    return end;
  }
}

events.defineHandler(WebSocket.prototype, "onopen", "open");
events.defineHandler(WebSocket.prototype, "onerror", "error");
events.defineHandler(WebSocket.prototype, "onclose", "close");
events.defineHandler(WebSocket.prototype, "onmessage", "message");
webidl.exposeInterface(WebSocket, "WebSocket", {
  __proto__: null, constants: { __proto__: null, CONNECTING, OPEN, CLOSING, CLOSED },
});

sockets.fromHost = (end, protocol) => sockets.create(end, OF_ANSWER, protocol);

class WebSocketPair {
  constructor() {
    const ends = native.socketPair();
    const client = sockets.create(ends[0], OF_PAIR);
    const server = sockets.create(ends[1], OF_PAIR);
    sockets.entangle(client, server);
    defineValue(this, "0", client);
    defineValue(this, "1", server);
  }
}
webidl.exposeInterface(WebSocketPair);
