// Checks of the scheduler.

const checks = {
  async "wait takes its time"() {
    const start = performance.now();
    equal(await scheduler.wait(20), undefined);
    equal(performance.now() - start >= 19, true);
    await scheduler.wait(-5);
    await scheduler.wait("x");
    await rejects("TypeError", scheduler.wait());
    await rejects("TypeError", scheduler.wait(1, { signal: {} }));
    await rejects("TypeError", scheduler.wait.call({}, 1));
  },
  async "a signal ends the wait"() {
    const reason = new Error("enough");
    equal(await scheduler.wait(1e6, { signal: AbortSignal.abort(reason) }).catch((error) => error === reason), true);
    const controller = new AbortController();
    const waiting = scheduler.wait(1e6, { signal: controller.signal });
    controller.abort();
    await rejects("AbortError", waiting);
    const used = new AbortController();
    await scheduler.wait(1, { signal: used.signal });
    used.abort();
  },
  async "yield lets others run"() {
    const order = [];
    setTimeout(() => order.push("timer"), 0);
    await 0;
    order.push("microtask");
    await scheduler.yield();
    order.push("yielded");
    equal(order, ["microtask", "timer", "yielded"]);
  },
  "it is an attribute of the global that can be replaced"() {
    equal(String(scheduler), "[object Scheduler]");
    throws("TypeError", () => new Scheduler());
    const own = scheduler;
    globalThis.scheduler = 1;
    equal(scheduler, 1);
    globalThis.scheduler = own;
  },
};
