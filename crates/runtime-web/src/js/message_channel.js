// MessageChannel and MessagePort, as HTML defines them within one realm: a message is copied when it is sent, and
// arrives as a task of its own. Ports themselves cannot be transferred: there is no other realm to take them to.
//
// Tasks are timers of no delay. A message that was sent during another request is dropped.

const { List, SymbolIterator, TypeError } = internals.prim;
const { EventTarget, MessageEvent, Event, events, requestEpoch, targets, webidl } = internals;
const { Queue } = internals.queues;
const { object } = webidl.converters;

const transferList = webidl.sequence(object);
const StructuredSerializeOptions = webidl.dictionary("StructuredSerializeOptions", [
  { key: "transfer", converter: transferList, defaultValue: () => new List() },
]);

// The second argument of postMessage: a sequence of objects, or options that have one.
const toTransfer = (value, prefix) => {
  if (webidl.isObject(value)) {
    const method = value[SymbolIterator];
    if (method !== undefined && method !== null) {
      if (typeof method !== "function") throw new TypeError(`${prefix}: Argument 2 is not iterable`);
      return webidl.sequenceFrom(value, method, object, prefix, "Argument 2");
    }
  }
  return StructuredSerializeOptions(value, prefix, "Argument 2").transfer;
};

let entangle;
let enable;

class MessagePort extends EventTarget {
  #peer = undefined;
  #queue = new Queue();
  #enabled = false;
  #closed = false;

  constructor(key = undefined) {
    webidl.checkIllegal(key);
    super();
  }

  postMessage(message, transferOrOptions = undefined) {
    const peer = this.#peer;
    const prefix = "Failed to execute 'postMessage' on 'MessagePort'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const transfer = toTransfer(transferOrOptions, prefix);
    for (let i = 0; i < transfer.length; i++) {
      if (#queue in transfer[i]) {
        throw internals.domException(`${prefix}: a MessagePort cannot be transferred here`, "DataCloneError");
      }
    }
    const copy = transfer.length === 0
      ? internals.cloning.clone(message)
      : internals.cloning.cloneWithTransfer(message, transfer);
    if (peer === undefined || peer.#closed) return;
    peer.#queue.push({ __proto__: null, copy, epoch: requestEpoch.value });
    if (peer.#enabled) peer.#schedule();
  }

  start() { this.#enable(); }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    const peer = this.#peer;
    this.#peer = undefined;
    if (peer === undefined) return;
    peer.#peer = undefined;
    internals.timers.start(() => {
      peer.#closed = true;
      events.dispatch(peer, new Event("close"));
    }, 0);
  }

  #enable() {
    if (this.#enabled) return;
    this.#enabled = true;
    for (let i = 0; i < this.#queue.length; i++) this.#schedule();
  }

  #schedule() {
    internals.timers.start(() => {
      while (this.#queue.length > 0) {
        const { copy, epoch } = this.#queue.shift();
        if (epoch !== requestEpoch.value) continue;
        if (!this.#closed) events.dispatch(this, new MessageEvent("message", { __proto__: null, data: copy }));
        return;
      }
    }, 0);
  }

  static {
    internals.isMessagePort = (value) => webidl.isObject(value) && #queue in value;
    entangle = (first, second) => {
      first.#peer = second;
      second.#peer = first;
    };
    enable = (port) => port.#enable();
  }
}

targets.defineHandler(MessagePort.prototype, "onmessage", "message", enable);
targets.defineHandler(MessagePort.prototype, "onmessageerror", "messageerror");
targets.defineHandler(MessagePort.prototype, "onclose", "close");
webidl.exposeInterface(MessagePort);

class MessageChannel {
  #port1 = new MessagePort(webidl.illegal);
  #port2 = new MessagePort(webidl.illegal);
  constructor() { entangle(this.#port1, this.#port2); }
  get port1() { return this.#port1; }
  get port2() { return this.#port2; }
}
webidl.exposeInterface(MessageChannel);
