// Rejections of promises that nobody handles, as HTML reports them: an event at the global, and a line of the console if no
// listener prevents it.
//
// In `internals.rejections`: `unhandled(promise, reason)` when nobody handles one, `handled(promise, reason)` when
// somebody does after all.

const { WeakSet, WeakSetPrototypeAdd, WeakSetPrototypeDelete } = internals.prim;
const { global } = internals;

const reported = new WeakSet();

// Whether no listener has prevented what is done otherwise.
const dispatch = (type, cancelable, promise, reason) =>
  internals.events.dispatch(
    global, new internals.PromiseRejectionEvent(type, { __proto__: null, cancelable, promise, reason }));

internals.rejections = {
  __proto__: null,

  unhandled(promise, reason) {
    WeakSetPrototypeAdd(reported, promise);
    if (dispatch("unhandledrejection", true, promise, reason)) internals.logUncaught("Uncaught (in promise)", reason);
  },

  handled(promise, reason) {
    if (WeakSetPrototypeDelete(reported, promise)) dispatch("rejectionhandled", false, promise, reason);
  },
};
