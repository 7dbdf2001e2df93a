// The events that only carry values: CloseEvent, CustomEvent, ErrorEvent, MessageEvent, PromiseRejectionEvent. Who fires
// them is not decided here.

const { List, ObjectFreeze, ReflectApply } = internals.prim;
const { Event, events, webidl } = internals;
const { any, boolean, DOMString, object, unsignedLong, unsignedShort, USVString } = webidl.converters;

// The constructor of Event reads the inherited members of each dictionary, and reads them first.
const CustomEventInit = webidl.dictionary("CustomEventInit", [
  { key: "detail", converter: any, defaultValue: () => null },
]);

const { initEvent } = events;

class CustomEvent extends Event {
  #detail;
  constructor(type, eventInitDict = undefined) {
    const prefix = "Failed to construct 'CustomEvent'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    super(type, eventInitDict);
    this.#detail = CustomEventInit(eventInitDict, prefix, "Argument 2").detail;
  }
  get detail() { return this.#detail; }
  initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'initCustomEvent' on 'CustomEvent'");
    const mayChange = events.mayDispatch(this);
    ReflectApply(initEvent, this, [type, boolean(bubbles), boolean(cancelable)]);
    if (mayChange) this.#detail = detail;
  }
}
webidl.exposeInterface(CustomEvent);

const ErrorEventInit = webidl.dictionary("ErrorEventInit", [
  { key: "message", converter: DOMString, defaultValue: () => "" },
  { key: "filename", converter: USVString, defaultValue: () => "" },
  { key: "lineno", converter: unsignedLong, defaultValue: () => 0 },
  { key: "colno", converter: unsignedLong, defaultValue: () => 0 },
  { key: "error", converter: any, defaultValue: () => undefined },
]);

class ErrorEvent extends Event {
  #members;
  constructor(type, eventInitDict = undefined) {
    const prefix = "Failed to construct 'ErrorEvent'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    super(type, eventInitDict);
    this.#members = ErrorEventInit(eventInitDict, prefix, "Argument 2");
  }
  get message() { return this.#members.message; }
  get filename() { return this.#members.filename; }
  get lineno() { return this.#members.lineno; }
  get colno() { return this.#members.colno; }
  get error() { return this.#members.error; }
  static {
    // The members of an ErrorEvent, undefined for any other event.
    events.errorMembers = (event) => (#members in event ? event.#members : undefined);
  }
}
webidl.exposeInterface(ErrorEvent);

const isPort = (value) => internals.isMessagePort !== undefined && internals.isMessagePort(value);
const port = webidl.interfaceType("MessagePort", isPort);
const messageSource = webidl.nullable(webidl.interfaceType("MessagePort", (value) => isPort(value)));

const MessageEventInit = webidl.dictionary("MessageEventInit", [
  { key: "data", converter: any, defaultValue: () => null },
  { key: "origin", converter: USVString, defaultValue: () => "" },
  { key: "lastEventId", converter: DOMString, defaultValue: () => "" },
  { key: "source", converter: messageSource, defaultValue: () => null },
  { key: "ports", converter: webidl.sequence(port), defaultValue: () => new List() },
]);

const messageMembers = (init, prefix, context) => {
  const members = MessageEventInit(init, prefix, context);
  members.ports = ObjectFreeze(members.ports.handOut());
  return members;
};

class MessageEvent extends Event {
  #members;
  constructor(type, eventInitDict = undefined) {
    if (type === webidl.illegal) {
      super(eventInitDict.type);
      this.#members = eventInitDict;
      return;
    }
    const prefix = "Failed to construct 'MessageEvent'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    super(type, eventInitDict);
    this.#members = messageMembers(eventInitDict, prefix, "Argument 2");
  }
  get data() { return this.#members.data; }
  get origin() { return this.#members.origin; }
  get lastEventId() { return this.#members.lastEventId; }
  get source() { return this.#members.source; }
  get ports() { return this.#members.ports; }
  initMessageEvent(
    type, bubbles = false, cancelable = false, data = null, origin = "", lastEventId = "", source = null,
    ports = undefined,
  ) {
    const prefix = "Failed to execute 'initMessageEvent' on 'MessageEvent'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const members = messageMembers(
      { __proto__: null, data, origin, lastEventId, source, ports }, prefix, "the arguments",
    );
    const mayChange = events.mayDispatch(this);
    ReflectApply(initEvent, this, [type, boolean(bubbles), boolean(cancelable)]);
    if (mayChange) this.#members = members;
  }
}
webidl.exposeInterface(MessageEvent);

const PromiseRejectionEventInit = webidl.dictionary("PromiseRejectionEventInit", [
  { key: "promise", converter: object, required: true },
  { key: "reason", converter: any, defaultValue: () => undefined },
]);

class PromiseRejectionEvent extends Event {
  #promise;
  #reason;
  constructor(type, eventInitDict) {
    const prefix = "Failed to construct 'PromiseRejectionEvent'";
    webidl.requiredArguments(arguments.length, 2, prefix);
    super(type, eventInitDict);
    const init = PromiseRejectionEventInit(eventInitDict, prefix, "Argument 2");
    this.#promise = init.promise;
    this.#reason = init.reason;
  }
  get promise() { return this.#promise; }
  get reason() { return this.#reason; }
}
webidl.exposeInterface(PromiseRejectionEvent);

const CloseEventInit = webidl.dictionary("CloseEventInit", [
  { key: "wasClean", converter: boolean, defaultValue: () => false },
  { key: "code", converter: unsignedShort, defaultValue: () => 0 },
  { key: "reason", converter: USVString, defaultValue: () => "" },
]);

class CloseEvent extends Event {
  #members;
  constructor(type, eventInitDict = undefined) {
    const prefix = "Failed to construct 'CloseEvent'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    super(type, eventInitDict);
    this.#members = CloseEventInit(eventInitDict, prefix, "Argument 2");
  }
  get wasClean() { return this.#members.wasClean; }
  get code() { return this.#members.code; }
  get reason() { return this.#members.reason; }
}
webidl.exposeInterface(CloseEvent);

internals.CloseEvent = CloseEvent;
internals.ErrorEvent = ErrorEvent;
// A MessageEvent of the platform's; `ports` is a List.
internals.messageEvent = (type, data, ports = new List(), origin = "", lastEventId = "") =>
  new MessageEvent(webidl.illegal, {
    __proto__: null, type, data, origin, lastEventId, source: null, ports: ObjectFreeze(ports.handOut()),
  });
internals.PromiseRejectionEvent = PromiseRejectionEvent;
