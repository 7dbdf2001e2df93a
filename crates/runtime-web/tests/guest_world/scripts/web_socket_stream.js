// What of WebSocketStream and WebSocketError needs no connection. Streams that are open have their tests with the modes.

const code = (call) => {
  try {
    call();
  } catch (error) {
    return error.name;
  }
  return "fine";
};

const checks = {
  "an error has what it is given"() {
    const error = new WebSocketError();
    equal([error.message, error.name, error.code, error.closeCode, error.reason], ["", "WebSocketError", 0, null, ""]);
    const full = new WebSocketError("m", { closeCode: 3001, reason: "r\ud800" });
    equal([full.message, full.closeCode, full.reason], ["m", 3001, "r\ufffd"]);
    equal(new WebSocketError("", { reason: "r" }).closeCode, 1000);
    equal([error instanceof DOMException, error instanceof Error, String(full)], [true, true, "WebSocketError: m"]);
    equal(full.stack.split("\n")[0], "WebSocketError: m");
    equal([WebSocketError.length, WebSocketStream.length, WebSocketStream.prototype.close.length], [0, 1, 0]);
  },
  "an error refuses what no side may say"() {
    for (const closeCode of [0, 999, 1001, 1006, 2999, 5000]) {
      equal(code(() => new WebSocketError("", { closeCode })), "InvalidAccessError", closeCode);
    }
    for (const closeCode of [-1, 65536, NaN, "x", 1n]) {
      equal(code(() => new WebSocketError("", { closeCode })), "TypeError", `${closeCode}`);
    }
    equal(code(() => new WebSocketError("", { reason: "x".repeat(124) })), "SyntaxError");
    equal(code(() => new WebSocketError("", { reason: "\u00e9".repeat(62) })), "SyntaxError");
    equal(code(() => new WebSocketError("", 1)), "TypeError");
    equal(code(() => new WebSocketError(Symbol("s"))), "TypeError");
    equal(code(() => WebSocketError()), "TypeError");
    equal(code(() => WebSocketError.prototype.closeCode), "TypeError");
  },
  "a clone of an error is one"() {
    const error = new WebSocketError("m", { closeCode: 3001, reason: "r" });
    const clone = structuredClone({ error }).error;
    equal([clone instanceof WebSocketError, clone.message, clone.closeCode, clone.reason, clone.stack],
      [true, "m", 3001, "r", error.stack]);
    const plain = structuredClone(new DOMException("m", "WebSocketError"));
    equal([plain instanceof WebSocketError, plain instanceof DOMException, plain.name], [false, true, "WebSocketError"]);
  },
  "the constructor checks its arguments before anything is opened"() {
    for (const url of ["", "invalid:", "/relative", "ftp://a/", "ws://a/#", "ws://a b/"]) {
      equal(code(() => new WebSocketStream(url)), "SyntaxError", url);
    }
    for (const protocols of [["a", "A"], ["a b"], [""], ["a,b"]]) {
      equal(code(() => new WebSocketStream("ws://a/", { protocols })), "SyntaxError", protocols);
    }
    for (const options of [1, { protocols: "a" }, { protocols: 1 }, { signal: null }, { signal: {} }]) {
      equal(code(() => new WebSocketStream("ws://a/", options)), "TypeError", options);
    }
    equal(code(() => new WebSocketStream()), "TypeError");
    equal(code(() => WebSocketStream("ws://a/")), "TypeError");
  },
  async "a connection that fails rejects both promises with the same error"() {
    const stream = new WebSocketStream("https://nowhere.test/x");
    equal([stream.url, stream.opened === stream.opened], ["wss://nowhere.test/x", true]);
    const [opened, closed] = (await Promise.allSettled([stream.opened, stream.closed])).map(({ reason }) => reason);
    equal([opened === closed, opened instanceof WebSocketError, opened.closeCode], [true, true, 1006]);
    stream.close();
  },
  async "what fails and is not looked at is not reported"() {
    new WebSocketStream("ws://nowhere.test/");
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
  async "a signal that is aborted, before or meanwhile, gives its reason"() {
    const early = new WebSocketStream("ws://nowhere.test/", { signal: AbortSignal.abort("early") });
    equal(await early.opened.catch((reason) => reason), "early");
    equal(await early.closed.catch((reason) => reason), "early");
    const controller = new AbortController();
    const late = new WebSocketStream("ws://nowhere.test/", { signal: controller.signal });
    controller.abort();
    equal((await late.opened.catch((reason) => reason)).name, "AbortError");
    equal(await late.closed.catch((reason) => reason), controller.signal.reason);
  },
  async "a stream that is closed before it is open fails later"() {
    const stream = new WebSocketStream("ws://nowhere.test/");
    equal(code(() => stream.close({ closeCode: 1001 })), "InvalidAccessError");
    equal(code(() => stream.close({ reason: "x".repeat(124) })), "SyntaxError");
    equal(code(() => stream.close(true)), "TypeError");
    stream.close({ closeCode: 3000 });
    equal((await stream.opened.catch((reason) => reason)).message, "the WebSocket was closed before it was open");
  },
  async "attributes that are promises reject for what is no stream"() {
    for (const key of ["opened", "closed"]) {
      const { get } = Object.getOwnPropertyDescriptor(WebSocketStream.prototype, key);
      await rejects("TypeError", get.call({}), key);
    }
  },
};
