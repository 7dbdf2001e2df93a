// The global object as an object of its own: its place in the prototype chain, its event handler attributes, and the
// attributes behind which other files' objects are. Its other properties are theirs; where it is on the web is in
// settings.js.

const { ObjectSetPrototypeOf, TypeError, defineValue, putToUse } = internals.prim;
const { EventTarget, global, targets, webidl } = internals;

// An attribute of the global is on a prototype of its, and works on nothing else; without a receiver it means the global.
const checkGlobal = (receiver) => {
  if (receiver !== undefined && receiver !== null && receiver !== global) throw new TypeError("Illegal invocation");
};
internals.checkGlobal = checkGlobal;

// Programs that were written for other places put their own in the place of any attribute that is not a handler, also of
// those that are not [Replaceable].
const replace = (receiver, name, value) => {
  checkGlobal(receiver);
  defineValue(global, name, value);
};

const handler = (receiver, name) => {
  checkGlobal(receiver);
  return targets.handlerOf(global, name);
};

const setHandler = (receiver, name, type, value) => {
  checkGlobal(receiver);
  targets.setHandlerOf(global, name, type, value);
};

// Web IDL has those attributes here that a [Global] interface inherits.
class WorkerGlobalScope extends EventTarget {
  constructor(key = undefined) {
    webidl.checkIllegal(key);
    super();
  }

  get onerror() { return handler(this, "onerror"); }
  set onerror(value) { setHandler(this, "onerror", "error", value); }

  get onunhandledrejection() { return handler(this, "onunhandledrejection"); }
  set onunhandledrejection(value) { setHandler(this, "onunhandledrejection", "unhandledrejection", value); }

  get onrejectionhandled() { return handler(this, "onrejectionhandled"); }
  set onrejectionhandled(value) { setHandler(this, "onrejectionhandled", "rejectionhandled", value); }

  get self() {
    checkGlobal(this);
    return global;
  }
  set self(value) { replace(this, "self", value); }

  get crypto() {
    checkGlobal(this);
    return internals.crypto;
  }
  set crypto(value) { replace(this, "crypto", value); }

  get navigator() {
    checkGlobal(this);
    return internals.navigator;
  }
  set navigator(value) { replace(this, "navigator", value); }

  get scheduler() {
    checkGlobal(this);
    return internals.scheduler;
  }
  set scheduler(value) { replace(this, "scheduler", value); }

  get performance() {
    checkGlobal(this);
    return internals.performance;
  }
  set performance(value) { replace(this, "performance", value); }
}
webidl.exposeInterface(WorkerGlobalScope);
internals.WorkerGlobalScope = WorkerGlobalScope;

class ServiceWorkerGlobalScope extends WorkerGlobalScope {
  constructor(key = undefined) { super(key); }
}
webidl.exposeInterface(ServiceWorkerGlobalScope);
putToUse(ServiceWorkerGlobalScope.prototype);

// The global has the methods of EventTarget and the tags of its interfaces by inheritance. Its listeners are held by
// event_target.js, since the global was not made by a constructor.
ObjectSetPrototypeOf(global, ServiceWorkerGlobalScope.prototype);
