// The global object as an object of its own: its place in the prototype chain, its event handler attributes, and the
// attributes behind which other files' objects are. Its other properties are theirs.
//
// In `internals.settings` is where it is on the web, what HTML calls its environment settings: the `base` of relative URLs
// and the `origin`, both undefined unless the host has given the worker a location. `parse(text)` gives the href of a URL
// of the guest's or null, `notUrl(text)` says so.

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

// Its attributes are on WorkerGlobalScope.prototype, as Web IDL has those that a [Global] interface inherits.
const scope = WorkerGlobalScope.prototype;

targets.defineGlobalHandler(scope, "onerror", "error");
targets.defineGlobalHandler(scope, "onunhandledrejection", "unhandledrejection");
targets.defineGlobalHandler(scope, "onrejectionhandled", "rejectionhandled");

// Programs that were written for other places put their own in the place of any of these, also of those that are not
// [Replaceable].
webidl.exposeReplaceable(scope, "self", () => global);
webidl.exposeReplaceable(scope, "crypto", () => internals.crypto);
webidl.exposeReplaceable(scope, "navigator", () => internals.navigator);
webidl.exposeReplaceable(scope, "scheduler", () => internals.scheduler);
webidl.exposeReplaceable(scope, "performance", () => internals.performance);

const settings = {
  __proto__: null,
  base: undefined,
  origin: undefined,
  parse(text) {
    const record = native.urlParse(text, settings.base);
    return record === null ? null : record[0];
  },
  notUrl: (text) => `'${text}' is not ${settings.base === undefined ? "an absolute" : "a valid"} URL`,
};
internals.settings = settings;

// A worker without a location has no `location`: programs take one for a sign of a browser.
internals.setLocation = (href) => {
  settings.base = href;
  settings.origin = native.urlOrigin(href);
  webidl.exposeReplaceable(scope, "location", () => internals.location);
  webidl.exposeReplaceable(scope, "origin", () => settings.origin);
};
