// What a generated script begins with: what a test expects around it that a worker does not have. FACTS is an object
// literal that xtask fills in. Everything of the platform that is used later is taken here, before a test can patch it.
(function (facts) {
  const scope = globalThis;
  const { URL, Response, Promise, setTimeout, clearTimeout, Reflect, Proxy } = scope;
  const { stringify } = JSON;
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const define = (name, value) =>
    defineProperty(scope, name, { configurable: true, writable: true, enumerable: false, value });

  define("GLOBAL", { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false });
  define("location", { ...facts.location, toString: () => facts.location.href });
  if (facts.importsScripts) define("importScripts", () => {});

  // A worker has no base URL. Where a string is a URL, it is resolved against the test's.
  const resolve = (input) => {
    if (typeof input !== "string") return input;
    try {
      return new URL(input, facts.location.href).href;
    } catch {
      return input;
    }
  };
  const withBase = (holder, name, traps) => {
    const property = getOwnPropertyDescriptor(holder, name);
    if (!property) return;
    const value = new Proxy(holder[name], traps);
    defineProperty(holder, name, { configurable: true, writable: true, enumerable: property.enumerable, value });
  };
  const calls = {
    apply: (target, self, args) => {
      if (args.length > 0) args[0] = resolve(args[0]);
      return Reflect.apply(target, self, args);
    },
  };
  const constructs = {
    construct: (target, args, newTarget) => {
      if (args.length > 0) args[0] = resolve(args[0]);
      return Reflect.construct(target, args, newTarget);
    },
  };
  withBase(scope, "fetch", calls);
  if (facts.makesRequests) {
    withBase(scope, "Request", constructs);
    withBase(scope, "EventSource", constructs);
    withBase(Response, "redirect", calls);
  }

  // testharness.js takes a global object of one of these for one that has a page which it must report to.
  const hidden = [];
  const kinds = ["DedicatedWorkerGlobalScope", "SharedWorkerGlobalScope", "ServiceWorkerGlobalScope", "WorkerGlobalScope"];
  for (const name of kinds) {
    const property = getOwnPropertyDescriptor(scope, name);
    if (property) {
      hidden.push([name, property]);
      define(name, function () {});
    }
  }

  let finish;
  const answer = new Promise((resolve) => { finish = resolve; }).then((body) => new Response(body));
  addEventListener("fetch", (event) => event.respondWith(answer));

  // Called between testharness.js and the test.
  define("__ready", () => {
    delete scope.__ready;
    for (let i = 0; i < hidden.length; i++) defineProperty(scope, hidden[i][0], hidden[i][1]);
    const giveUp = scope.timeout;
    const timer = setTimeout(() => giveUp(), facts.timeoutMs);
    const text = (value) => (value === null || value === undefined ? null : `${value}`.toWellFormed());
    scope.add_completion_callback((tests, status) => {
      clearTimeout(timer);
      const results = [];
      for (let i = 0; i < tests.length; i++) {
        const { name, status, message } = tests[i];
        results[i] = { __proto__: null, name: text(name), status, message: text(message) };
      }
      finish(stringify({ __proto__: null, status: status.status, message: text(status.message), tests: results }));
    });
  });
})(FACTS);
