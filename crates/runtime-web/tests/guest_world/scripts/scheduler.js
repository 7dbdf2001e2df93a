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
  async "the most urgent task runs first, and equally urgent ones in the order in which they came"() {
    const order = [];
    const post = (name, options) => scheduler.postTask(() => { order.push(name); return name; }, options);
    const posted = [
      post("background", { priority: "background" }), post("visible 1"), post("visible 2", { priority: "user-visible" }),
      post("blocking", { priority: "user-blocking" }), post("later", { priority: "user-blocking", delay: 20 }),
    ];
    equal(await Promise.all(posted), ["background", "visible 1", "visible 2", "blocking", "later"]);
    equal(order, ["blocking", "visible 1", "visible 2", "background", "later"]);
    await rejects("RangeError", scheduler.postTask(() => { throw new RangeError("r"); }));
    await rejects("TypeError", scheduler.postTask());
    await rejects("TypeError", scheduler.postTask(1));
    await rejects("TypeError", scheduler.postTask(() => {}, { priority: "high" }));
    await rejects("TypeError", scheduler.postTask(() => {}, { delay: -1 }));
  },
  async "a controller changes how urgent its tasks are, and takes them back"() {
    const order = [];
    const controller = new TaskController({ priority: "background" });
    const { signal } = controller;
    equal([signal instanceof TaskSignal, signal instanceof AbortSignal, signal.priority], [true, true, "background"]);
    const changes = [];
    signal.onprioritychange = (event) => {
      changes.push(event.previousPriority, signal.priority);
      throws("NotAllowedError", () => controller.setPriority("background"));
    };
    const own = scheduler.postTask(() => { order.push("own"); }, { signal });
    const other = scheduler.postTask(() => { order.push("other"); });
    controller.setPriority("user-blocking");
    controller.setPriority("user-blocking");
    await Promise.all([own, other]);
    equal([order, changes], [["own", "other"], ["background", "user-blocking"]]);
    const lost = scheduler.postTask(() => { order.push("lost"); }, { signal });
    const late = scheduler.postTask(() => { order.push("late"); }, { signal, delay: 1e6 });
    controller.abort(new RangeError("enough"));
    await rejects("RangeError", lost);
    await rejects("RangeError", late);
    await rejects("RangeError", scheduler.postTask(() => {}, { signal }));
    equal(order, ["own", "other"]);
  },
  async "a task hands its signal and its urgency on to yield, also through promises"() {
    const order = [];
    const yielding = (name, options) => scheduler.postTask(async () => {
      await 0;
      await scheduler.yield();
      order.push(name);
    }, options);
    const background = yielding("background", { priority: "background" });
    const visible = yielding("visible");
    const blocking = yielding("blocking", { signal: new TaskController({ priority: "user-blocking" }).signal });
    await Promise.all([background, visible, blocking]);
    equal(order, ["blocking", "visible", "background"]);
    const controller = new AbortController();
    await scheduler.postTask(async () => {
      controller.abort();
      await rejects("AbortError", scheduler.yield());
    }, { signal: controller.signal }).catch((error) => equal(error.name, "AbortError"));
  },
  "a signal made of others follows their aborts and one signal's priority"() {
    const controller = new TaskController({ priority: "user-blocking" });
    const plain = new AbortController();
    const signal = TaskSignal.any([plain.signal], { priority: controller.signal });
    const second = TaskSignal.any([], { priority: signal });
    controller.setPriority("background");
    equal([signal.priority, second.priority], ["background", "background"]);
    equal(TaskSignal.any([]).priority, "user-visible");
    equal(TaskSignal.any([], { priority: "background" }).priority, "background");
    controller.abort();
    equal(signal.aborted, false);
    plain.abort();
    equal(signal.aborted, true);
    throws("TypeError", () => new TaskSignal());
    throws("TypeError", () => new TaskSignal(undefined, "background"));
    throws("TypeError", () => new TaskPriorityChangeEvent("x"));
    throws("TypeError", () => controller.setPriority.call(plain, "background"));
    equal([TaskController.length, TaskPriorityChangeEvent.length, TaskSignal.any.length], [0, 2, 1]);
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
