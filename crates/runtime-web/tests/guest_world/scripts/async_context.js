// Checks of AsyncLocalStorage and AsyncResource: a value is current wherever the call that it was set for goes on, and
// nowhere else.

import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import hooks from "async_hooks";

const storage = new AsyncLocalStorage();
const later = (milliseconds = 1) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const inside = (body) => storage.run("inside", body);
const found = (arm) => inside(() => new Promise((resolve) => arm(() => resolve(storage.getStore()))));

const checks = {
  async "AsyncContext has variables and snapshots over the same frames"() {
    const variable = new AsyncContext.Variable({ name: "v", defaultValue: 0 });
    equal([variable.name, variable.get()], ["v", 0]);
    equal(variable.run(1, (a, b) => [variable.get(), a, b], 2, 3), [1, 2, 3]);
    equal(await variable.run(1, async () => { await later(); return variable.get(); }), 1);
    equal(variable.run(undefined, () => variable.get()), undefined);
    const [snapshot, wrapped] = variable.run(1, () => [
      new AsyncContext.Snapshot(), AsyncContext.Snapshot.wrap(function (a) { return [variable.get(), this.x, a]; }),
    ]);
    equal(snapshot.run((a) => [variable.get(), a], 2), [1, 2]);
    equal(wrapped.call({ x: 2 }, 3), [1, 2, 3]);
    equal(storage.run("s", () => new AsyncContext.Snapshot()).run(() => storage.getStore()), "s");
    throws("TypeError", () => variable.run(1));
    throws("TypeError", () => AsyncContext.Snapshot.wrap(1));
    throws("TypeError", () => AsyncContext.Variable());
    equal(new AsyncContext.Variable().get(), undefined);
    equal(Object.prototype.toString.call(AsyncContext), "[object AsyncContext]");
  },
  "the module, its default and the global are one"() {
    equal(hooks.AsyncLocalStorage === AsyncLocalStorage && globalThis.AsyncLocalStorage === AsyncLocalStorage, true);
    equal(Object.getOwnPropertyDescriptor(globalThis, "AsyncLocalStorage").enumerable, false);
    equal(hooks.AsyncResource === AsyncResource, true);
  },
  async "dynamic import gives the same"() {
    equal((await import("node:async_hooks")).AsyncLocalStorage === AsyncLocalStorage, true);
    await rejects("TypeError", import("node:fs"));
  },
  "run and exit nest, return and throw"() {
    equal(storage.getStore(), undefined);
    equal(storage.run(1, (a, b) => [storage.getStore(), a, b], 2, 3), [1, 2, 3]);
    storage.run(1, () => {
      equal(storage.run(2, () => storage.getStore()), 2);
      equal(storage.exit(() => storage.getStore()), undefined);
      throws("RangeError", () => storage.run(3, () => { throw new RangeError(); }));
      equal(storage.getStore(), 1);
    });
    equal(storage.getStore(), undefined);
    throws("TypeError", () => storage.run(1, "text"));
  },
  "storages do not know of each other"() {
    const other = new AsyncLocalStorage({ name: "other", defaultValue: 7 });
    storage.run(1, () => other.run(2, () => equal([storage.getStore(), other.getStore()], [1, 2])));
    equal([other.getStore(), other.name, storage.name], [7, "other", ""]);
  },
  async "awaits and promises keep it"() {
    await inside(async () => {
      await 0;
      equal(storage.getStore(), "inside");
      await later();
      equal(storage.getStore(), "inside");
      await storage.run("deeper", async () => {
        await later();
        equal(storage.getStore(), "deeper");
      });
      equal(storage.getStore(), "inside");
    });
    equal(storage.getStore(), undefined);
    equal(await inside(() => Promise.resolve().then(() => storage.getStore())), "inside");
    // A promise's reactions belong to who adds them, not to who settles it.
    const { promise, resolve } = Promise.withResolvers();
    const reaction = inside(() => promise.then(() => storage.getStore()));
    storage.run("settler", resolve);
    equal([await reaction, await promise.then(() => storage.getStore())], ["inside", undefined]);
    const thenable = { then: (accept) => accept(storage.getStore()) };
    equal(await inside(async () => await thenable), "inside");
  },
  async "interleaved calls do not mix"() {
    const call = (name) => storage.run(name, async () => {
      const seen = [];
      for (let i = 0; i < 5; i++) {
        await (i % 2 === 0 ? later() : 0);
        seen.push(storage.getStore());
      }
      return seen.every((one) => one === name);
    });
    equal(await Promise.all(["a", "b", "c", "d"].map(call)), [true, true, true, true]);
  },
  async "timers and microtasks keep it"() {
    equal(await found((done) => setTimeout(done, 1)), "inside");
    equal(await found((done) => queueMicrotask(done)), "inside");
    equal(await found((done) => {
      let count = 0;
      const id = setInterval(() => {
        if (++count < 3) return;
        clearInterval(id);
        done();
      }, 1);
    }), "inside");
    equal(await new Promise((resolve) => setTimeout(() => resolve(storage.getStore()), 1)), undefined);
    equal(await inside(async () => {
      await scheduler.wait(1);
      return storage.getStore();
    }), "inside");
  },
  async "host calls keep it"() {
    equal(await inside(async () => {
      const response = await fetch("http://upstream.test/text");
      const text = await response.text();
      return [text, storage.getStore()];
    }), ["upstream text", "inside"]);
  },
  async "the callbacks of streams belong to who made the stream"() {
    const seen = [];
    const note = (what) => { seen.push(`${what} ${storage.getStore()}`); };
    const { readable, through, writable } = inside(() => ({
      readable: new ReadableStream({
        start() { note("start"); },
        pull(controller) {
          note("pull");
          controller.enqueue("x");
          controller.close();
        },
      }, { highWaterMark: 0 }),
      through: new TransformStream({
        transform(chunk, controller) {
          note("transform");
          controller.enqueue(chunk);
        },
        flush() { note("flush"); },
      }),
      writable: new WritableStream({
        write() { note("write"); },
        close() { note("close"); },
      }),
    }));
    await storage.run("reader", () => readable.pipeThrough(through).pipeTo(writable));
    equal(seen.sort(), ["close inside", "flush inside", "pull inside", "start inside", "transform inside", "write inside"]);
  },
  "listeners belong to who dispatches"() {
    const target = new EventTarget();
    const seen = [];
    inside(() => target.addEventListener("x", () => seen.push(storage.getStore())));
    target.dispatchEvent(new Event("x"));
    storage.run("dispatcher", () => target.dispatchEvent(new Event("x")));
    equal(seen, [null, "dispatcher"].map((value) => value ?? undefined));
  },
  async "enterWith lasts for the rest of the call"() {
    await (async () => {
      await 0;
      storage.enterWith("entered");
      await later();
      equal(storage.getStore(), "entered");
      storage.disable();
      equal(storage.getStore(), undefined);
    })();
    equal(storage.getStore(), undefined);
    setTimeout(() => storage.enterWith("from a timer"), 1);
    equal(await new Promise((resolve) => setTimeout(() => resolve(storage.getStore()), 5)), undefined);
  },
  "bind and snapshot take the frame along"() {
    const bound = inside(() => AsyncLocalStorage.bind(function(a) { return [this.me, a, storage.getStore()]; }));
    equal(bound.call({ me: 1 }, 2), [1, 2, "inside"]);
    const snapshot = inside(() => AsyncLocalStorage.snapshot());
    equal(storage.run("other", () => snapshot((a) => [a, storage.getStore()], 3)), [3, "inside"]);
    equal(AsyncLocalStorage.snapshot()(() => storage.getStore()), undefined);
  },
  "a resource has the frame in which it was made"() {
    class Query extends AsyncResource {
      constructor() { super("Query"); }
    }
    const query = inside(() => new Query());
    equal(query.runInAsyncScope(function(a) { return [this.me, a, storage.getStore()]; }, { me: 1 }, 2), [1, 2, "inside"]);
    equal(query.bind(() => storage.getStore())(), "inside");
    equal(inside(() => AsyncResource.bind(() => storage.getStore()))(), "inside");
    equal([typeof query.asyncId(), query.triggerAsyncId(), query.emitDestroy() === query], ["number", 0, true]);
    throws("TypeError", () => new AsyncResource());
  },
  async "the frame is nowhere to be found"() {
    let caught;
    Object.defineProperty(Object.prototype, "frame", { set(value) { caught = value; }, configurable: true });
    Object.defineProperty(Array.prototype, "0", { set(value) { caught = value; }, configurable: true });
    try {
      await inside(() => later());
    } finally {
      delete Object.prototype.frame;
      delete Array.prototype[0];
    }
    equal(caught, undefined);
  },
};
