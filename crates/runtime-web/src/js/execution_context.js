// What handlers of a module get beside the event's data: an ExecutionContext. What an event waits for, and how it ends, is
// in entry.js: an ExecutionContext holds its `invocation` and passes on to it.
//
// `internals.executionContext(invocation)` makes one.

const { putToUse } = internals.prim;
const { webidl } = internals;

class ExecutionContext {
  #invocation;
  constructor(key = undefined, invocation = undefined) {
    webidl.checkIllegal(key);
    this.#invocation = invocation;
  }
  waitUntil(promise) {
    const invocation = this.#invocation;
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'waitUntil' on 'ExecutionContext'");
    invocation.waitUntil(promise);
  }
  // See FetchEvent.
  passThroughOnException() { this.#invocation; }
}
webidl.exposeInterface(ExecutionContext);
putToUse(ExecutionContext.prototype);

internals.executionContext = (invocation) => new ExecutionContext(webidl.illegal, invocation);
