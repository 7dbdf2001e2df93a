// The global object as an object of its own: its place in the prototype chain, its event handler attributes, and the
// attributes behind which other files' objects are. Its other properties are theirs.

const { ObjectSetPrototypeOf } = internals.prim;
const { EventTarget, global, targets, webidl } = internals;

class WorkerGlobalScope extends EventTarget {
  constructor(key = undefined) {
    webidl.checkIllegal(key);
    super();
  }
}
webidl.exposeInterface(WorkerGlobalScope);

class ServiceWorkerGlobalScope extends WorkerGlobalScope {
  constructor(key = undefined) { super(key); }
}
webidl.exposeInterface(ServiceWorkerGlobalScope);

// The global has the methods of EventTarget and the tags of its interfaces by inheritance. Its listeners are held by
// event_target.js, since the global was not made by a constructor.
ObjectSetPrototypeOf(global, ServiceWorkerGlobalScope.prototype);

targets.defineHandler(global, "onerror", "error");
targets.defineHandler(global, "onunhandledrejection", "unhandledrejection");
targets.defineHandler(global, "onrejectionhandled", "rejectionhandled");

webidl.exposeReplaceable("self", () => global);
webidl.exposeReplaceable("crypto", () => internals.crypto);
webidl.exposeReplaceable("navigator", () => internals.navigator);
webidl.exposeReplaceable("scheduler", () => internals.scheduler);
webidl.exposeReplaceable("performance", () => internals.performance);
