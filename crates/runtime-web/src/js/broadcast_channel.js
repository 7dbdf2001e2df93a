// BroadcastChannel, as HTML defines it, among the channels of one context: a message reaches every other channel of the
// same name that is open when it is sent, as a task of its own, and is copied for each.

const { List } = internals.prim;
const { EventTarget, events, requestEpoch, settings, webidl } = internals;
const { DOMString } = webidl.converters;

// Channels of an earlier request are closed.
let open = new List();
let epoch = requestEpoch.value;

const current = () => {
  if (epoch !== requestEpoch.value) {
    epoch = requestEpoch.value;
    open = new List();
  }
  return open;
};

class BroadcastChannel extends EventTarget {
  #name;
  #closed = false;

  constructor(name) {
    super();
    const prefix = "Failed to construct 'BroadcastChannel'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    this.#name = DOMString(name, prefix, "Argument 1");
    current().push(this);
  }

  get name() { return this.#name; }

  postMessage(message) {
    const name = this.#name;
    const prefix = "Failed to execute 'postMessage' on 'BroadcastChannel'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    if (this.#closed) throw internals.domException(`${prefix}: the channel is closed`, "InvalidStateError");
    const { cloning, timers } = internals;
    const sent = cloning.clone(message);
    const channels = current();
    const sentIn = requestEpoch.value;
    for (let i = 0; i < channels.length; i++) {
      const channel = channels[i];
      if (channel === this || channel.#name !== name) continue;
      const copy = cloning.clone(sent);
      timers.start(() => {
        if (channel.#closed || sentIn !== requestEpoch.value) return;
        events.dispatch(channel, internals.messageEvent("message", copy, undefined, settings.origin));
      }, 0);
    }
  }

  close() {
    this.#closed = true;
    const channels = current();
    const at = channels.indexOf(this);
    if (at !== -1) channels.removeAt(at);
  }
}
events.defineHandler(BroadcastChannel.prototype, "onmessage", "message");
events.defineHandler(BroadcastChannel.prototype, "onmessageerror", "messageerror");
webidl.exposeInterface(BroadcastChannel);
