// EventSource, as HTML defines it: a fetch whose answer is a stream of events, made again when it breaks off. What is
// under way ends with the request that began it: a source of an earlier request is closed, without an event.

const {
  NumberParseInt, PromisePrototypeThen, StringFromCharCode, StringPrototypeCharCodeAt, StringPrototypeIncludes,
  StringPrototypeIndexOf, StringPrototypeSlice, TypedArrayPrototypeGetByteLength,
} = internals.prim;
const { EventTarget, events, requestEpoch, settings, webidl } = internals;
const { boolean, USVString } = webidl.converters;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

// How long to wait before a new connection, until the other side says otherwise, in milliseconds.
const RECONNECTION_TIME = 3000;
const LONGEST_RECONNECTION_TIME = 2 ** 31 - 1;

const EventSourceInit = webidl.dictionary("EventSourceInit", [
  { __proto__: null, key: "withCredentials", converter: boolean, defaultValue: () => false },
]);

const isDigits = (text) => {
  for (let i = 0; i < text.length; i++) {
    const code = StringPrototypeCharCodeAt(text, i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text.length > 0;
};

// The events of one connection, from its bytes. `source` has onEvent(type, data), setId(id) and setRetry(ms).
class Parser {
  #decoder = native.decoderOpen("utf-8", false, false);
  // The pieces of the line that has not ended yet.
  #line = "";
  // Whether the character before was a CR, so that a LF belongs to it.
  #afterReturn = false;
  #type = "";
  #data = "";
  #source;

  constructor(source) {
    this.#source = source;
  }

  // False once the source does not want more.
  push(bytes) {
    const text = native.decoderPush(this.#decoder, bytes, false);
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const code = StringPrototypeCharCodeAt(text, i);
      const follows = this.#afterReturn && code === 0x0a;
      this.#afterReturn = code === 0x0d;
      if (follows) {
        start = i + 1;
      } else if (code === 0x0a || code === 0x0d) {
        const line = this.#line + StringPrototypeSlice(text, start, i);
        this.#line = "";
        start = i + 1;
        if (!this.#take(line)) return false;
      }
    }
    this.#line += StringPrototypeSlice(text, start);
    return true;
  }

  // What has not been ended by an empty line is no event.
  end() {
    native.decoderClose(this.#decoder);
  }

  #take(line) {
    if (line === "") return this.#dispatch();
    const colon = StringPrototypeIndexOf(line, ":");
    if (colon === 0) return true;
    let field = line;
    let value = "";
    if (colon !== -1) {
      field = StringPrototypeSlice(line, 0, colon);
      value = StringPrototypeSlice(line, StringPrototypeCharCodeAt(line, colon + 1) === 0x20 ? colon + 2 : colon + 1);
    }
    if (field === "data") {
      this.#data += `${value}\n`;
    } else if (field === "event") {
      this.#type = value;
    } else if (field === "id") {
      if (!StringPrototypeIncludes(value, "\0")) this.#source.setId(value);
    } else if (field === "retry" && isDigits(value)) {
      this.#source.setRetry(NumberParseInt(value, 10));
    }
    return true;
  }

  #dispatch() {
    const type = this.#type;
    const data = this.#data;
    this.#type = this.#data = "";
    return this.#source.onEvent(type, data);
  }
}

class EventSource extends EventTarget {
  #url;
  #withCredentials;
  #state = CONNECTING;
  #epoch = requestEpoch.value;
  #retry = RECONNECTION_TIME;
  // The id that the last event had, and the one that the next event has.
  #lastId = "";
  #nextId = "";
  #origin = "";
  #timer = 0;
  // Ends the connection that is under way.
  #signal = undefined;

  constructor(url, eventSourceInitDict = undefined) {
    super();
    const prefix = "Failed to construct 'EventSource'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const text = USVString(url, prefix, "Argument 1");
    const init = EventSourceInit(eventSourceInitDict, prefix, "Argument 2");
    const href = settings.parse(text);
    if (href === null) throw internals.domException(`${prefix}: ${settings.notUrl(text)}`, "SyntaxError");
    this.#url = href;
    this.#withCredentials = init.withCredentials;
    this.#connect();
  }

  get url() { return this.#url; }
  get withCredentials() { return this.#withCredentials; }
  get readyState() { return this.#isStale ? CLOSED : this.#state; }

  close() {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    if (this.#isStale) return;
    internals.timers.stop(this.#timer);
    this.#disconnect();
  }

  get #isStale() { return this.#epoch !== requestEpoch.value; }

  #disconnect() {
    const signal = this.#signal;
    this.#signal = undefined;
    if (signal !== undefined) internals.abort.signalAbort(signal);
  }

  #connect() {
    const signal = internals.abort.create();
    this.#signal = signal;
    let answer;
    try {
      const core = internals.requestInit.build(this.#url, undefined, "EventSource");
      core.list.append("accept", "text/event-stream");
      // What fetch sends for the cache mode "no-store".
      core.list.append("pragma", "no-cache");
      core.list.append("cache-control", "no-cache");
      // A header's value is bytes.
      if (this.#lastId !== "") core.list.append("last-event-id", latin1OfUtf8(this.#lastId));
      core.cache = "no-store";
      core.credentials = this.#withCredentials ? "include" : "same-origin";
      core.follows = signal;
      answer = internals.fetching.start(core);
    } catch {
      // A URL that cannot be fetched, or a request that may fetch no more: another attempt would be no better.
      this.#timer = internals.timers.start(() => this.#fail(), 0);
      return;
    }
    const isCurrent = () => this.#signal === signal && this.#state !== CLOSED;
    PromisePrototypeThen(answer, (response) => {
      if (isCurrent()) this.#announce(internals.responses.coreOf(response), isCurrent);
    }, () => {
      if (isCurrent()) this.#reestablish();
    });
  }

  #announce(response, isCurrent) {
    const type = internals.mime.fromHeader(response.list.get("content-type"));
    if (response.status !== 200 || type === null || type.essence !== "text/event-stream") {
      this.#disconnect();
      this.#fail();
      return;
    }
    this.#origin = native.urlOrigin(response.url);
    this.#state = OPEN;
    events.dispatch(this, new internals.Event("open"));
    if (isCurrent()) this.#follow(response.body, isCurrent);
  }

  // Reads the events of a connection to its end.
  #follow(body, isCurrent) {
    // An id that came with half an event counts no more.
    this.#nextId = this.#lastId;
    const parser = new Parser({
      __proto__: null,
      setId: (id) => { this.#nextId = id; },
      setRetry: (milliseconds) => {
        this.#retry = milliseconds > LONGEST_RECONNECTION_TIME ? LONGEST_RECONNECTION_TIME : milliseconds;
      },
      onEvent: (name, data) => {
        this.#dispatch(name, data);
        return isCurrent();
      },
    });
    const over = () => {
      parser.end();
      if (isCurrent()) this.#reestablish();
    };
    const { native: source } = body ?? noBody;
    if (source === undefined) {
      if (body === null || parser.push(body.plainBytes())) over();
      return;
    }
    const read = () => {
      PromisePrototypeThen(source.next(), (answer) => {
        if (!isCurrent()) {
          parser.end();
        } else if (answer === null) {
          source.end();
          over();
        } else if (parser.push(answer.chunk)) {
          read();
        } else {
          parser.end();
        }
      }, over);
    };
    read();
  }

  #dispatch(name, data) {
    this.#lastId = this.#nextId;
    if (data === "") return;
    // Each line of it ends in a LF, and the last one is left out.
    const text = StringPrototypeSlice(data, 0, data.length - 1);
    const type = name === "" ? "message" : name;
    events.dispatch(this, internals.messageEvent(type, text, undefined, this.#origin, this.#lastId));
  }

  #reestablish() {
    this.#signal = undefined;
    this.#state = CONNECTING;
    events.dispatch(this, new internals.Event("error"));
    // A listener may have closed the source.
    if (this.#state !== CONNECTING) return;
    this.#timer = internals.timers.start(() => {
      if (this.#state === CONNECTING) this.#connect();
    }, this.#retry);
  }

  // For good.
  #fail() {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    events.dispatch(this, new internals.Event("error"));
  }
}

const noBody = { __proto__: null, native: undefined };

// Text as a string with a code unit for each byte of its UTF-8.
const latin1OfUtf8 = (text) => {
  const bytes = native.encodeUtf8(text);
  let latin1 = "";
  const length = TypedArrayPrototypeGetByteLength(bytes);
  for (let i = 0; i < length; i++) latin1 += StringFromCharCode(bytes[i]);
  return latin1;
};

events.defineHandler(EventSource.prototype, "onopen", "open");
events.defineHandler(EventSource.prototype, "onmessage", "message");
events.defineHandler(EventSource.prototype, "onerror", "error");
webidl.exposeInterface(EventSource, "EventSource", {
  __proto__: null, constants: { __proto__: null, CONNECTING, OPEN, CLOSED },
});
