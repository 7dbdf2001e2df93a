// The global object as an object of its own: its place in the prototype chain, its event handler attributes,
// `self` and `navigator`. What other files define on it is theirs.

const { ObjectSetPrototypeOf } = internals.prim;
const { EventTarget, events, global, webidl } = internals;

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
// event.js, since the global was not made by a constructor.
ObjectSetPrototypeOf(global, ServiceWorkerGlobalScope.prototype);

events.defineHandler(global, "onerror", "error");
events.defineHandler(global, "onunhandledrejection", "unhandledrejection");
events.defineHandler(global, "onrejectionhandled", "rejectionhandled");

webidl.exposeReplaceable("self", () => global);

class Navigator {
  #brand;
  constructor(key = undefined) { webidl.checkIllegal(key); }
  get userAgent() {
    this.#brand;
    return "Isolane";
  }
}
webidl.exposeInterface(Navigator);

const navigator = new Navigator(webidl.illegal);
webidl.exposeReplaceable("navigator", () => navigator);
