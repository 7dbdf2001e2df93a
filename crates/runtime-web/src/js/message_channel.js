// MessageChannel and MessagePort, as HTML defines them within one realm: a message is copied when it is sent, and
// arrives as a task of its own. A port that is transferred leaves an empty shell, and its place to another object.
//
// Tasks are timers of no delay. A message that was sent during another request is dropped.

const { List, SymbolIterator, TypeError } = internals.prim;
const { EventTarget, Event, events, requestEpoch, webidl } = internals;
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
let transfer;

class MessagePort extends EventTarget {
  #peer = undefined;
  #queue = new Queue();
  #enabled = false;
  #closed = false;
  // Closed, or given to another object by a transfer: it cannot be transferred any more.
  #detached = false;

  constructor(key = undefined) {
    webidl.checkIllegal(key);
    super();
  }

  postMessage(message, transferOrOptions = undefined) {
    const peer = this.#peer;
    const prefix = "Failed to execute 'postMessage' on 'MessagePort'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const transfer = toTransfer(transferOrOptions, prefix);
    let isDoomed = false;
    for (let i = 0; i < transfer.length; i++) {
      if (transfer[i] === this) {
        throw internals.domException(`${prefix}: a port cannot be transferred through itself`, "DataCloneError");
      }
      // A port that goes through its own other end can never be received.
      if (transfer[i] === peer) isDoomed = true;
    }
    const { copy, transferred } = internals.cloning.cloneWithTransfer(message, transfer);
    if (peer === undefined || peer.#closed || isDoomed) return;
    const ports = new List();
    for (let i = 0; i < transferred.length; i++) {
      if (internals.isMessagePort(transferred[i])) ports.push(transferred[i]);
    }
    peer.#queue.push({ __proto__: null, copy, ports, epoch: requestEpoch.value });
    if (peer.#enabled) peer.#schedule();
  }

  start() { this.#enable(); }

  close() {
    this.#detached = true;
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
        const { copy, ports, epoch } = this.#queue.shift();
        if (epoch !== requestEpoch.value) continue;
        if (!this.#closed) events.dispatch(this, internals.messageEvent("message", copy, ports));
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
    transfer = (port) => {
      if (port.#detached) {
        throw internals.domException("A MessagePort that was closed or transferred could not be cloned.", "DataCloneError");
      }
      const heir = new MessagePort(webidl.illegal);
      const peer = port.#peer;
      if (peer !== undefined) entangle(heir, peer);
      heir.#queue = port.#queue;
      heir.#closed = port.#closed;
      port.#detached = port.#closed = true;
      port.#peer = undefined;
      port.#queue = new Queue();
      return heir;
    };
  }
}

events.defineHandler(MessagePort.prototype, "onmessage", "message", enable);
events.defineHandler(MessagePort.prototype, "onmessageerror", "messageerror");
events.defineHandler(MessagePort.prototype, "onclose", "close");
webidl.exposeInterface(MessagePort);
webidl.transferable(internals.isMessagePort, transfer);

class MessageChannel {
  #port1 = new MessagePort(webidl.illegal);
  #port2 = new MessagePort(webidl.illegal);
  constructor() { entangle(this.#port1, this.#port2); }
  get port1() { return this.#port1; }
  get port2() { return this.#port2; }
}
webidl.exposeInterface(MessageChannel);
