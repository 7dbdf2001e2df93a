// AbortController and AbortSignal, as DOM defines them, with dependent signals (AbortSignal.any) and timeouts.
//
// For other files, in `internals.abort`:
// - `isSignal(value)`, `isAborted(signal)`, `reason(signal)`
// - `addAlgorithm(signal, () => {})` runs once, before the abort event; it is ignored on an aborted signal.
//   `removeAlgorithm(signal, algorithm)` takes it back.
// - `create()` a signal that the platform aborts with `signalAbort(signal, reason)`; `dependent([signals])` one
//   that follows others, as Request's does.
// - for classes that inherit from these: the classes themselves, `dependent([signals], signal)` for a signal of theirs,
//   `super(webidl.illegal, signal)` for a controller of such a one, and the converter `toSignals`.

const {
  List, Set, SetPrototypeAdd, SetPrototypeDelete, WeakRef, WeakRefPrototypeDeref,
} = internals.prim;
const { Event, EventTarget, events, webidl } = internals;
const { unsignedLongLongEnforceRange } = webidl.converters;

const abort = { __proto__: null };
internals.abort = abort;

// Runs while a signal is made by the platform, so that the constructor lets it pass.
const make = () => new AbortSignal(webidl.illegal);

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;
  #algorithms = undefined;
  // A dependent signal and its sources know each other weakly, so that a long-lived source does not collect
  // every signal that was ever derived from it. While a dependent has somebody who would notice its abort (a
  // listener or an algorithm) each source also holds it, in `#held`.
  #dependent = false;
  #sources = undefined;
  #dependents = undefined;
  #pruneAt = 16;
  #held = undefined;

  constructor(key = undefined) {
    webidl.checkIllegal(key);
    super();
  }

  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  static abort(reason = undefined) {
    const signal = make();
    signal.#aborted = true;
    signal.#reason = reason === undefined ? abortError() : reason;
    return signal;
  }

  static timeout(milliseconds) {
    const prefix = "Failed to execute 'timeout' on 'AbortSignal'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const delay = unsignedLongLongEnforceRange(milliseconds, prefix, "Argument 1");
    const signal = make();
    internals.timers.start(() => {
      signalAbort(signal, internals.domException("The operation timed out.", "TimeoutError"));
    }, delay);
    return signal;
  }

  static any(signals) {
    const prefix = "Failed to execute 'any' on 'AbortSignal'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    return dependent(abort.toSignals(signals, prefix, "Argument 1"));
  }

  static {
    abort.isSignal = (value) => webidl.isObject(value) && #aborted in value;
    abort.isAborted = (signal) => signal.#aborted;
    abort.reason = (signal) => signal.#reason;

    abort.addAlgorithm = (signal, algorithm) => {
      if (signal.#aborted) return;
      if (signal.#algorithms === undefined) signal.#algorithms = new List();
      signal.#algorithms.push(algorithm);
      if (signal.#dependent) updateHold(signal);
    };

    abort.removeAlgorithm = (signal, algorithm) => {
      const algorithms = signal.#algorithms;
      if (algorithms === undefined) return;
      for (let i = 0; i < algorithms.length; i++) {
        if (algorithms[i] === algorithm) {
          algorithms.removeAt(i);
          if (signal.#dependent) updateHold(signal);
          return;
        }
      }
    };

    const runSteps = (signal) => {
      const algorithms = signal.#algorithms;
      signal.#algorithms = undefined;
      if (algorithms !== undefined) {
        for (let i = 0; i < algorithms.length; i++) {
          try {
            algorithms[i]();
          } catch (error) {
            internals.reportException(error);
          }
        }
      }
      events.dispatch(signal, new Event("abort"));
    };

    abort.signalAbort = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? abortError() : reason;
      // All dependents are marked before any code of the guest runs.
      const reached = new List();
      const dependents = signal.#dependents;
      if (dependents !== undefined) {
        for (let i = 0; i < dependents.length; i++) {
          const other = WeakRefPrototypeDeref(dependents[i]);
          if (other !== undefined && !other.#aborted) {
            other.#aborted = true;
            other.#reason = signal.#reason;
            reached.push(other);
          }
        }
      }
      signal.#dependents = undefined;
      signal.#held = undefined;
      runSteps(signal);
      for (let i = 0; i < reached.length; i++) runSteps(reached[i]);
    };

    const updateHold = (signal) => {
      const algorithms = signal.#algorithms;
      const noticed = !signal.#aborted && (events.listenerCount(signal, "abort") > 0 ||
        (algorithms !== undefined && algorithms.length > 0));
      const sources = signal.#sources;
      for (let i = 0; i < sources.length; i++) {
        const source = WeakRefPrototypeDeref(sources[i]);
        if (source === undefined || source.#aborted) continue;
        if (noticed) {
          if (source.#held === undefined) source.#held = new Set();
          SetPrototypeAdd(source.#held, signal);
        } else if (source.#held !== undefined) {
          SetPrototypeDelete(source.#held, signal);
        }
      }
    };

    const prune = (source) => {
      const live = new List();
      for (let i = 0; i < source.#dependents.length; i++) {
        const reference = source.#dependents[i];
        if (WeakRefPrototypeDeref(reference) !== undefined) live.push(reference);
      }
      source.#dependents = live;
      source.#pruneAt = live.length * 2 + 16;
    };

    const link = (source, result) => {
      for (let i = 0; i < result.#sources.length; i++) {
        if (WeakRefPrototypeDeref(result.#sources[i]) === source) return;
      }
      result.#sources.push(new WeakRef(source));
      if (source.#dependents === undefined) source.#dependents = new List();
      if (source.#dependents.length >= source.#pruneAt) prune(source);
      source.#dependents.push(new WeakRef(result));
    };

    abort.dependent = (signals, result = make()) => {
      for (let i = 0; i < signals.length; i++) {
        if (signals[i].#aborted) {
          result.#aborted = true;
          result.#reason = signals[i].#reason;
          return result;
        }
      }
      result.#dependent = true;
      result.#sources = new List();
      for (let i = 0; i < signals.length; i++) {
        const source = signals[i];
        if (!source.#dependent) {
          link(source, result);
        } else {
          const origins = source.#sources.copy();
          for (let j = 0; j < origins.length; j++) {
            const origin = WeakRefPrototypeDeref(origins[j]);
            if (origin !== undefined) link(origin, result);
          }
        }
      }
      events.observe(result, () => updateHold(result));
      return result;
    };
  }
}

const abortError = () => internals.domException("This operation was aborted", "AbortError");
const { signalAbort, dependent } = abort;
abort.create = make;
abort.toSignals = webidl.sequence(webidl.interfaceType("AbortSignal", abort.isSignal));

events.defineHandler(AbortSignal.prototype, "onabort", "abort");
webidl.exposeInterface(AbortSignal);
abort.AbortSignal = AbortSignal;

class AbortController {
  #signal;
  constructor(key = undefined, signal = undefined) {
    this.#signal = key === webidl.illegal ? signal : make();
  }
  get signal() { return this.#signal; }
  abort(reason = undefined) { signalAbort(this.#signal, reason); }
}
webidl.exposeInterface(AbortController);
abort.AbortController = AbortController;
