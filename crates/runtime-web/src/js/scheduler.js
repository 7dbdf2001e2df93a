// The global's scheduler: wait(), as Workers have it, and yield() of the Prioritized Task Scheduling specification, without
// the priorities that its tasks have.

const { NumberIsNaN, PromiseReject, newPromise } = internals.prim;
const { webidl } = internals;
const { unrestrictedDouble } = webidl.converters;

const waitOptions = webidl.dictionary("SchedulerWaitOptions", [
  {
    __proto__: null, key: "signal",
    converter: webidl.interfaceType("AbortSignal", (value) => internals.abort.isSignal(value)),
  },
]);

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

  yield() {
    try {
      this.#brand;
      return wait(0, undefined);
    } catch (error) {
      return PromiseReject(error);
    }
  }
}
webidl.exposeInterface(Scheduler);

internals.scheduler = new Scheduler(webidl.illegal);
