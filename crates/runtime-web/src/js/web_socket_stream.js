// WebSocketStream and WebSocketError, as the proposal for the WebSockets specification defines them: a socket whose
// messages are the chunks of two streams, so that each side waits for the other. A message is asked of the host when
// the readable stream wants one, and a write is over when the host has written it, but for what may always wait.
//
// As with WebSocket, numbers belong to a request: a socket of an earlier request is closed, and nothing of it settles.
// The close of the other side is behind its messages: who wants to learn of it reads them, or closes as well.
//
// `internals.isWebSocketError(v)` is for whoever has to tell it from a DOMException that has nothing more.

const {
  PromisePrototypeThen, PromiseReject, ReflectDefineProperty, TypeError, promiseMarkHandled, isolate,
} = internals.prim;
const { DOMException, abort, requestEpoch, sockets, webidl } = internals;
const { Deferred } = internals.queues;
const { BufferSource, DOMString, USVString, unsignedShortEnforceRange } = webidl.converters;
const { illegal, isObject, requiredArguments } = webidl;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

// The close code of a connection that was broken.
const BROKEN = 1006;

const WebSocketCloseInfo = webidl.dictionary("WebSocketCloseInfo", [
  { __proto__: null, key: "closeCode", converter: unsignedShortEnforceRange },
  { __proto__: null, key: "reason", converter: USVString, defaultValue: () => "" },
]);

const WebSocketStreamOptions = webidl.dictionary("WebSocketStreamOptions", [
  { __proto__: null, key: "protocols", converter: webidl.sequence(USVString) },
  { __proto__: null, key: "signal", converter: webidl.interfaceType("AbortSignal", abort.isSignal) },
]);

const NAME = "WebSocketError";
// Set where private fields can be read.
let closeBecauseOf;

class WebSocketError extends DOMException {
  #closeCode;
  #reason;

  constructor(message = "", init = undefined) {
    if (message === illegal) {
      super(init.message, NAME);
      this.#closeCode = init.closeCode;
      this.#reason = init.reason;
      return;
    }
    const prefix = "Failed to construct 'WebSocketError'";
    message = DOMString(message, prefix, "Argument 1");
    const { closeCode, reason } = WebSocketCloseInfo(init, prefix, "Argument 2");
    const code = sockets.checkClose(closeCode, reason, prefix);
    super(message, NAME);
    this.#closeCode = code ?? null;
    this.#reason = reason;
  }

  get closeCode() { return this.#closeCode; }
  get reason() { return this.#reason; }

  static {
    internals.isWebSocketError = (value) => isObject(value) && #closeCode in value;
    // How a side closes that does so because of this: `{ code, reason }`, without a code if there is none to be sent.
    closeBecauseOf = (value) => {
      if (internals.isWebSocketError(value)) {
        try {
          const code = sockets.checkClose(value.#closeCode ?? undefined, value.#reason, NAME);
          return { __proto__: null, code, reason: value.#reason };
        } catch {
          // A code that only connections have, as 1006.
        }
      }
      return { __proto__: null, code: undefined, reason: "" };
    };
    webidl.serialisable(internals.isWebSocketError, (error) => ({
      __proto__: null, message: sockets.messageOf(error), closeCode: error.#closeCode, reason: error.#reason, stack: error.stack,
    }), (parts) => {
      const error = makeError(parts.message, parts.closeCode, parts.reason);
      if (typeof parts.stack === "string") {
        ReflectDefineProperty(error, "stack", {
          __proto__: null, value: parts.stack, writable: true, enumerable: false, configurable: true,
        });
      }
      return error;
    });
  }
}
webidl.exposeInterface(WebSocketError);

const makeError = (message, closeCode, reason) =>
  new WebSocketError(illegal, { __proto__: null, message, closeCode, reason });

const invalidState = (message) => internals.domException(message, "InvalidStateError");

// (BufferSource or USVString), as bytes or a text.
const toMessage = (chunk) => {
  if (isObject(chunk) && (webidl.isArrayBuffer(chunk) || webidl.isView(chunk))) {
    return webidl.bytesOf(BufferSource(chunk, "WebSocketStream", "A chunk"));
  }
  return USVString(chunk, "WebSocketStream", "A chunk");
};

class Source {
  constructor(connection) {
    this.connection = connection;
    this.pulls = true;
  }
  start() {}
  pull() { this.connection.receive(); }
  cancel(reason) { this.connection.closeFor(reason); }
}
isolate(Source);

class Sink {
  constructor(connection) {
    this.connection = connection;
  }
  start() {}
  write(chunk) { return this.connection.write(toMessage(chunk)); }
  close() { return this.connection.closeWritable(); }
  abort(reason) { this.connection.closeFor(reason); }
}
isolate(Sink);

// What is behind a WebSocketStream.
class Connection {
  constructor(url, signal) {
    this.url = url;
    this.epoch = requestEpoch.value;
    this.state = CONNECTING;
    // The number of the host's end, or -1.
    this.end = -1;
    // The host's operation under way: the connection, and then the read that was made last.
    this.operation = -1;
    this.isReceiving = false;
    // Messages are taken whether they are wanted or not, since what is behind them matters now.
    this.hastens = false;
    this.readable = undefined;
    this.writable = undefined;
    // The write that waits for the host, and the host's operation for it.
    this.pendingWrite = undefined;
    this.writeOperation = -1;
    this.isWritableClosing = false;
    this.opened = new Deferred();
    this.closed = new Deferred();
    // As `closed`, for who must not meet what the guest does to that promise.
    this.ended = new Deferred();
    promiseMarkHandled(this.opened.promise);
    promiseMarkHandled(this.closed.promise);
    promiseMarkHandled(this.ended.promise);
    this.signal = signal;
    this.onAbort = () => this.abandon(abort.reason(this.signal));
    this.onArrival = (arrival) => this.take(arrival);
    this.onBroken = () => this.finish(BROKEN, "", false, "the WebSocket connection broke off");
  }

  get isStale() {
    return this.epoch !== requestEpoch.value;
  }

  // --- Opening

  connect(protocols) {
    if (this.signal !== undefined) {
      if (abort.isAborted(this.signal)) {
        this.abandon(abort.reason(this.signal));
        return;
      }
      abort.addAlgorithm(this.signal, this.onAbort);
    }
    try {
      const answer = native.socketConnect(this.url, sockets.fieldsOfHandshake(protocols));
      this.operation = native.lastOp();
      this.end = native.socketLast();
      PromisePrototypeThen(answer, (result) => this.open(result, protocols), (error) => this.failAs(error));
    } catch (error) {
      // What the host refuses at once is told as late as anything else.
      internals.timers.start(() => this.failAs(error), 0);
    }
  }

  open(result, protocols) {
    if (this.state !== CONNECTING) return;
    this.operation = -1;
    const refusal = sockets.refusal(result, protocols);
    if (refusal !== undefined) {
      this.failToOpen(refusal);
      return;
    }
    this.forgetSignal();
    this.state = OPEN;
    this.readable = internals.streams.createReadable(new Source(this));
    this.writable = internals.writables.createWritable(new Sink(this));
    this.opened.resolve({
      readable: this.readable.object(),
      writable: this.writable.object(),
      extensions: "",
      protocol: sockets.protocolOf(result),
    });
  }

  // For an error of the host's: a request that ends with this one has failed for the other.
  failAs(cause) {
    if (this.state === CLOSED) return;
    const error = makeError(sockets.messageOf(cause), BROKEN, "");
    native.socketBlame(error, cause);
    this.abandon(error);
  }

  failToOpen(message) {
    if (this.state !== CLOSED) this.abandon(makeError(message, BROKEN, ""));
  }

  // Gives the connection up before it is open.
  abandon(error) {
    this.state = CLOSED;
    this.letGo();
    this.opened.reject(error);
    this.closed.reject(error);
    this.ended.reject(error);
  }

  forgetSignal() {
    if (this.signal !== undefined) abort.removeAlgorithm(this.signal, this.onAbort);
    this.signal = undefined;
  }

  // --- Messages in

  receive() {
    if (this.isReceiving || this.end === -1 || this.isStale) return;
    this.isReceiving = true;
    const arrival = native.socketReceive(this.end);
    this.operation = native.lastOp();
    PromisePrototypeThen(arrival, this.onArrival, this.onBroken);
  }

  take(arrival) {
    this.isReceiving = false;
    this.operation = -1;
    if (this.state === CLOSED) return;
    if (arrival === null) {
      this.onBroken();
    } else if (typeof arrival === "string" || arrival.bytes !== undefined) {
      // The stream asks for the next one by itself.
      if (this.state === OPEN) this.readable.controller.enqueue(typeof arrival === "string" ? arrival : arrival.bytes);
      if (this.state === CLOSING || this.hastens) this.receive();
    } else if (arrival.code === undefined) {
      this.finish(BROKEN, "", false, arrival.reason);
    } else {
      // Answering a close is what a socket does by itself. One that has closed already does nothing by this.
      const { code, reason } = arrival;
      native.socketClose(this.end, code, reason);
      this.finish(code, reason, true, "the WebSocket was closed before everything was written");
    }
  }

  // --- Messages out

  // A promise, or nothing for a message that has not to be waited for.
  write(message) {
    if (this.state !== OPEN || this.isStale) throw invalidState("the WebSocket is closed: nothing more can be written");
    const sent = this.send(message);
    if (sent === true) return undefined;
    const pending = new Deferred();
    this.pendingWrite = pending;
    // Whoever aborts the stream need not wait.
    this.writable.onErroring = () => this.endWrite();
    this.waitFor(sent, typeof message === "string" ? message : webidl.copyOfBytes(message));
    return pending.promise;
  }

  // As native.socketWrite, but it throws what the connection fails for.
  send(message) {
    const sent = native.socketWrite(this.end, message);
    if (typeof sent !== "string") return sent;
    const error = makeError(sent, BROKEN, "");
    this.finishWith(error);
    throw error;
  }

  waitFor(sent, message) {
    const isSent = sent !== false;
    const answer = isSent ? sent : native.socketRoom(this.end, message);
    this.writeOperation = native.lastOp();
    PromisePrototypeThen(answer, (isWritten) => {
      this.writeOperation = -1;
      if (this.pendingWrite === undefined) return;
      if (!isSent) {
        this.sendAgain(message);
      } else if (isWritten) {
        this.endWrite();
      } else {
        // The connection is at its end. How it came to that is behind the messages that nobody has read yet.
        this.hastens = true;
        this.receive();
      }
    });
  }

  sendAgain(message) {
    // What was closed meanwhile sends nothing more.
    if (this.state !== OPEN) {
      this.endWrite();
      return;
    }
    let sent;
    try {
      sent = this.send(message);
    } catch {
      // The write has failed with everything else.
      return;
    }
    if (sent === true) this.endWrite();
    else this.waitFor(sent, sent === false ? message : undefined);
  }

  endWrite() {
    const pending = this.pendingWrite;
    this.pendingWrite = undefined;
    this.writable.onErroring = undefined;
    if (this.writeOperation !== -1 && !this.isStale) native.cancelOp(this.writeOperation);
    this.writeOperation = -1;
    if (pending !== undefined) pending.resolve(undefined);
    return pending;
  }

  // --- The end

  // `code` and `reason` have been checked.
  close(code, reason) {
    if (this.state >= CLOSING || this.isStale) return;
    if (this.state === CONNECTING) {
      this.state = CLOSING;
      this.letGo();
      internals.timers.start(() => this.failToOpen("the WebSocket was closed before it was open"), 0);
      return;
    }
    this.state = CLOSING;
    native.socketClose(this.end, code ?? -1, reason);
    this.receive();
  }

  closeFor(cause) {
    const { code, reason } = closeBecauseOf(cause);
    this.close(code, reason);
  }

  closeWritable() {
    this.isWritableClosing = true;
    this.close(undefined, "");
    return this.ended.promise;
  }

  // Gives up what the host holds.
  letGo() {
    this.forgetSignal();
    if (this.isStale) return;
    if (this.operation !== -1) native.cancelOp(this.operation);
    if (this.writeOperation !== -1) native.cancelOp(this.writeOperation);
    this.operation = this.writeOperation = -1;
    if (this.end !== -1) native.socketDrop(this.end);
    this.end = -1;
  }

  // What was to be written and is not makes a close unclean.
  finish(code, reason, wasClean, message) {
    if (this.state === CLOSED) return;
    if (!wasClean || this.pendingWrite !== undefined) {
      this.finishWith(makeError(message, code, reason));
      return;
    }
    this.state = CLOSED;
    this.letGo();
    this.readable.controller.close();
    // A stream that is being closed waits for this.
    if (!this.isWritableClosing) this.writable.controller.errorIfWritable(invalidState("the WebSocket is closed"));
    this.closed.resolve({ closeCode: code, reason });
    this.ended.resolve(undefined);
  }

  finishWith(error) {
    this.state = CLOSED;
    this.letGo();
    const write = this.pendingWrite;
    this.pendingWrite = undefined;
    this.writable.onErroring = undefined;
    this.readable.controller.error(error);
    if (!this.isWritableClosing) this.writable.controller.errorIfWritable(error);
    if (write !== undefined) write.reject(error);
    this.closed.reject(error);
    this.ended.reject(error);
  }
}
isolate(Connection);

class WebSocketStream {
  #connection;

  constructor(url, options = undefined) {
    const prefix = "Failed to construct 'WebSocketStream'";
    requiredArguments(arguments.length, 1, prefix);
    const text = USVString(url, prefix, "Argument 1");
    const { protocols, signal } = WebSocketStreamOptions(options, prefix, "Argument 2");
    const href = sockets.url(text, prefix);
    const joined = protocols === undefined ? "" : sockets.joinProtocols(protocols, prefix);
    this.#connection = new Connection(href, signal);
    this.#connection.connect(joined);
  }

  get url() { return this.#connection.url; }

  get opened() {
    return #connection in this ? this.#connection.opened.promise : PromiseReject(new TypeError("Illegal invocation"));
  }

  get closed() {
    return #connection in this ? this.#connection.closed.promise : PromiseReject(new TypeError("Illegal invocation"));
  }

  close(closeInfo = undefined) {
    const connection = this.#connection;
    const prefix = "Failed to execute 'close' on 'WebSocketStream'";
    const { closeCode, reason } = WebSocketCloseInfo(closeInfo, prefix, "Argument 1");
    connection.close(sockets.checkClose(closeCode, reason, prefix), reason);
  }
}
webidl.exposeInterface(WebSocketStream);
