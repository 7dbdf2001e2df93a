// The global's scheduler: wait(), as Workers have it, and postTask() and yield() of the Prioritized Task Scheduling
// specification. Tasks wait here, by their urgency; a timer of no delay for each of them runs the most urgent one that
// there is when it fires. Timers of a guest's and other events come in between.

const {
  Map, MapPrototypeClear, MapPrototypeDelete, MapPrototypeForEach, MapPrototypeGet, MapPrototypeSet, NumberIsNaN,
  PromiseReject, ReflectApply, newPromise,
} = internals.prim;
const { ifLoaded, requestEpoch, webidl } = internals;
const { Queue } = internals.queues;
const { unrestrictedDouble, unsignedLongLongEnforceRange } = webidl.converters;

const toSignal = webidl.interfaceType("AbortSignal", (value) => internals.abort.isSignal(value));

const waitOptions = webidl.dictionary("SchedulerWaitOptions", [
  { __proto__: null, key: "signal", converter: toSignal },
]);

const postTaskOptions = webidl.dictionary("SchedulerPostTaskOptions", [
  { __proto__: null, key: "delay", converter: unsignedLongLongEnforceRange, defaultValue: () => 0 },
  {
    __proto__: null, key: "priority",
    converter: webidl.enumeration("TaskPriority", ["user-blocking", "user-visible", "background"]),
  },
  { __proto__: null, key: "signal", converter: toSignal },
]);

const toCallback = webidl.callback("SchedulerPostTaskCallback");

// --- The order of tasks --------------------------------------------------------------------------------

// By what says how urgent its tasks are, a priority or a TaskSignal: `tasks` and `continuations` that wait.
const queues = new Map();
let epoch = requestEpoch.value;
let lastOrder = 0;

const ranks = { __proto__: null, "user-blocking": 4, "user-visible": 2, background: 0 };

const rankOf = (source) => ranks[typeof source === "string" ? source : internals.taskSignals.priorityOf(source)];

// The first task of a queue that was not aborted.
const first = (queue) => {
  while (queue.length > 0 && queue.peek().isAborted) queue.shift();
  return queue.peek();
};

// Takes the most urgent task, and of equally urgent ones the oldest. A continuation is more urgent than a task.
const takeNext = () => {
  let best;
  let bestRank = -1;
  let bestQueue;
  const consider = (queue, rank) => {
    const task = first(queue);
    if (task === undefined || rank < bestRank || (rank === bestRank && task.order > best.order)) return;
    best = task;
    bestRank = rank;
    bestQueue = queue;
  };
  MapPrototypeForEach(queues, ({ tasks, continuations }, source) => {
    const rank = rankOf(source);
    consider(tasks, rank);
    consider(continuations, rank + 1);
    if (tasks.length === 0 && continuations.length === 0) MapPrototypeDelete(queues, source);
  });
  bestQueue?.shift();
  return best;
};

const runNext = () => {
  const task = takeNext();
  if (task === undefined) return;
  const context = ifLoaded("asyncContext");
  if (context === undefined) task.run();
  else context.run(task.frame, task.run, undefined, []);
};

const enqueue = (source, isContinuation, task) => {
  if (epoch !== requestEpoch.value) {
    MapPrototypeClear(queues);
    epoch = requestEpoch.value;
  }
  // The host may refuse: a request has only so many timers.
  internals.timers.start(runNext, 0);
  let queue = MapPrototypeGet(queues, source);
  if (queue === undefined) {
    queue = { __proto__: null, tasks: new Queue(), continuations: new Queue() };
    MapPrototypeSet(queues, source, queue);
  }
  task.order = ++lastOrder;
  (isContinuation ? queue.continuations : queue.tasks).push(task);
};

// --- What a task hands on to what it calls -------------------------------------------------------------

// The key in asynchronous frames under which a task's signal and source are, for yield().
const stateKey = { __proto__: null };

const stateOf = (frame) => (frame === undefined ? undefined : internals.asyncContext.get(frame, stateKey));

const frameOf = (signal, source) => {
  // As long as nothing is kept in frames, what says no more than the default need not be either.
  if (signal === undefined && source === "user-visible" && ifLoaded("asyncContext") === undefined) return undefined;
  const { asyncContext } = internals;
  return asyncContext.with(asyncContext.capture(), stateKey, { __proto__: null, signal, source });
};

// Calls `onAbort` when the signal aborts; what comes back takes that back.
const follow = (signal, onAbort) => {
  if (signal === undefined) return () => {};
  const algorithm = () => onAbort(internals.abort.reason(signal));
  internals.abort.addAlgorithm(signal, algorithm);
  return () => internals.abort.removeAlgorithm(signal, algorithm);
};

const post = (callback, signal, priority, delay) => {
  if (signal !== undefined && internals.abort.isAborted(signal)) return PromiseReject(internals.abort.reason(signal));
  const isTaskSignal = ifLoaded("taskSignals")?.isTaskSignal(signal) === true;
  const source = priority ?? (isTaskSignal ? signal : "user-visible");
  const { promise, resolve, reject } = newPromise();
  const task = { __proto__: null, run: undefined, frame: frameOf(signal, source), order: 0, isAborted: false };
  let timer;
  const leave = follow(signal, (reason) => {
    task.isAborted = true;
    if (timer !== undefined) internals.timers.stop(timer);
    reject(reason);
  });
  task.run = () => {
    try {
      resolve(ReflectApply(callback, undefined, []));
    } catch (error) {
      reject(error);
    } finally {
      leave();
    }
  };
  const start = () => {
    timer = undefined;
    try {
      enqueue(source, false, task);
    } catch (error) {
      leave();
      reject(error);
    }
  };
  if (delay > 0) timer = internals.timers.start(start, delay);
  else start();
  return promise;
};

const giveWay = () => {
  const { signal, source } = stateOf(ifLoaded("asyncContext")?.capture()) ?? noState;
  if (signal !== undefined && internals.abort.isAborted(signal)) return PromiseReject(internals.abort.reason(signal));
  const { promise, resolve, reject } = newPromise();
  const task = { __proto__: null, run: undefined, frame: undefined, order: 0, isAborted: false };
  const leave = follow(signal, (reason) => {
    task.isAborted = true;
    reject(reason);
  });
  task.run = () => {
    leave();
    resolve(undefined);
  };
  enqueue(source, true, task);
  return promise;
};
const noState = { __proto__: null, signal: undefined, source: "user-visible" };

// --- Scheduler -----------------------------------------------------------------------------------------

// Fulfilled after a delay in milliseconds, or rejected with the signal's reason.
const wait = (delay, signal) => {
  if (signal === undefined) {
    const { promise, resolve } = newPromise();
    internals.timers.start(() => resolve(undefined), delay);
    return promise;
  }
  const { abort } = internals;
  if (abort.isAborted(signal)) return PromiseReject(abort.reason(signal));
  const { promise, resolve, reject } = newPromise();
  let onAbort;
  const id = internals.timers.start(() => {
    abort.removeAlgorithm(signal, onAbort);
    resolve(undefined);
  }, delay);
  onAbort = () => {
    internals.timers.stop(id);
    reject(abort.reason(signal));
  };
  abort.addAlgorithm(signal, onAbort);
  return promise;
};

class Scheduler {
  #brand;

  constructor(key = undefined) { webidl.checkIllegal(key); }

  wait(delay, options = undefined) {
    const prefix = "Failed to execute 'wait' on 'Scheduler'";
    // What returns a promise never throws.
    try {
      this.#brand;
      webidl.requiredArguments(arguments.length, 1, prefix);
      const milliseconds = unrestrictedDouble(delay, prefix, "Argument 1");
      const { signal } = waitOptions(options, prefix, "Argument 2");
      return wait(NumberIsNaN(milliseconds) || milliseconds < 0 ? 0 : milliseconds, signal);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  postTask(callback, options = undefined) {
    const prefix = "Failed to execute 'postTask' on 'Scheduler'";
    try {
      this.#brand;
      webidl.requiredArguments(arguments.length, 1, prefix);
      callback = toCallback(callback, prefix, "Argument 1");
      const { signal, priority, delay } = postTaskOptions(options, prefix, "Argument 2");
      return post(callback, signal, priority, delay);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  yield() {
    try {
      this.#brand;
      return giveWay();
    } catch (error) {
      return PromiseReject(error);
    }
  }
}
webidl.exposeInterface(Scheduler);

internals.scheduler = new Scheduler(webidl.illegal);
