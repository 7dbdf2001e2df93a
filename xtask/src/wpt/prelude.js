// What a generated script begins with: what a test expects around it that a worker does not have. FACTS is an object
// literal that xtask fills in. Everything of the platform that is used later is taken here, before a test can patch it.
(function (facts) {
  const scope = globalThis;
  const { Response, Promise, setTimeout, clearTimeout } = scope;
  const { stringify } = JSON;
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const define = (name, value) =>
    defineProperty(scope, name, { configurable: true, writable: true, enumerable: false, value });

  define("GLOBAL", { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false });
  if (facts.importsScripts) define("importScripts", () => {});

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
