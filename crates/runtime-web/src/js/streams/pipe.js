// pipeTo and pipeThrough: moves chunks from a readable to a writable stream, and carries closing, errors and
// aborts over as the options say.
//
// The pipe is its own read request and write request, for all chunks. A chunk is written in a microtask of
// its own, never inside the source's enqueue. `unwritten` counts the chunks that have been read and that the
// sink has not taken yet: no shutdown acts before it is 0.

const { List, PromisePrototypeThen, TypeError, promiseAll, isolate } = internals.prim;
const { streams } = internals;
const { Deferred, acquireDefaultReader, acquireWriter, resolvedPromise, returnUndefined } = streams;

class Pipe {
  constructor(source, target, options) {
    this.source = source;
    this.target = target;
    this.options = options;
    this.reader = acquireDefaultReader(source);
    this.writer = acquireWriter(target);
    source.disturbed = true;
    this.signal = options.signal;
    this.onAbort = undefined;
    this.shuttingDown = false;
    this.reading = false;
    this.scheduled = false;
    this.hasPending = false;
    this.pendingChunk = undefined;
    this.unwritten = 0;
    this.afterWrites = undefined;
    this.done = new Deferred();
    this.step = () => this.run();
  }

  start() {
    if (this.signal !== undefined) {
      this.onAbort = () => this.abortBySignal();
      if (internals.abort.isAborted(this.signal)) {
        this.abortBySignal();
        return;
      }
      internals.abort.addAlgorithm(this.signal, this.onAbort);
    }
    const { source, target } = this;
    // In the specification's order: errors forward, errors backward, closing forward, closing backward.
    if (source.state === "errored") this.sourceErrored();
    else PromisePrototypeThen(this.reader.closed.promise, () => this.sourceClosed(), () => this.sourceErrored());
    if (target.state === "errored") this.targetErrored();
    else PromisePrototypeThen(this.writer.closed.promise, returnUndefined, () => this.targetErrored());
    if (source.state === "closed") this.sourceClosed();
    if (target.closeQueuedOrInFlight || target.state === "closed") this.targetClosing();
    this.run();
  }

  // --- Moving chunks ---

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    PromisePrototypeThen(resolvedPromise, this.step);
  }

  run() {
    this.scheduled = false;
    if (this.hasPending) {
      const chunk = this.pendingChunk;
      this.hasPending = false;
      this.pendingChunk = undefined;
      if (this.writer.stream !== undefined) this.writer.write(chunk, this);
    }
    const { source, target, writer } = this;
    while (!this.shuttingDown && !this.reading && !this.hasPending && source.state === "readable") {
      // null (erroring) is not above 0 either; the writer's closed promise tells of it.
      if (target.closeQueuedOrInFlight || !(writer.desiredSize > 0)) {
        if (target.state === "writable" && !target.closeQueuedOrInFlight) writer.ready.listener = this;
        return;
      }
      if (source.controller.hasChunk) {
        const chunk = source.controller.takeChunk();
        this.unwritten += 1;
        writer.write(chunk, this);
      } else {
        this.reading = true;
        this.reader.read(this);
      }
    }
  }

  // The target has room again.
  onReady() {
    this.schedule();
  }

  // As a read request.
  chunk(value) {
    this.reading = false;
    this.hasPending = true;
    this.pendingChunk = value;
    this.unwritten += 1;
    this.schedule();
  }

  close() {
    this.reading = false;
  }

  fail() {
    this.reading = false;
  }

  // As a write request. A failed write shows in the target's state.
  resolve() {
    this.written();
  }

  reject() {
    this.written();
  }

  written() {
    this.unwritten -= 1;
    if (this.unwritten === 0 && this.afterWrites !== undefined) PromisePrototypeThen(resolvedPromise, this.afterWrites);
  }

  // --- Ending ---

  sourceErrored() {
    const reason = this.source.storedError;
    if (this.options.preventAbort) this.shutdown(undefined, true, reason);
    else this.shutdown(() => this.target.abort(reason), true, reason);
  }

  targetErrored() {
    const reason = this.target.storedError;
    if (this.options.preventCancel) this.shutdown(undefined, true, reason);
    else this.shutdown(() => this.source.cancel(reason), true, reason);
  }

  sourceClosed() {
    if (this.options.preventClose) this.shutdown(undefined, false, undefined);
    else this.shutdown(() => this.writer.closeUnlessClosing(), false, undefined);
  }

  targetClosing() {
    const reason = new TypeError("the destination is closing or closed: nothing more can be piped to it");
    if (this.options.preventCancel) this.shutdown(undefined, true, reason);
    else this.shutdown(() => this.source.cancel(reason), true, reason);
  }

  abortBySignal() {
    const reason = internals.abort.reason(this.signal);
    const { options, source, target } = this;
    this.shutdown(() => {
      const actions = new List();
      if (!options.preventAbort) {
        actions.push(target.state === "writable" ? target.abort(reason) : resolvedPromise);
      }
      if (!options.preventCancel) {
        actions.push(source.state === "readable" ? source.cancel(reason) : resolvedPromise);
      }
      return promiseAll(actions);
    }, true, reason);
  }

  // Waits for the chunks on their way, runs `action` (returns a promise) if there is one, and ends the pipe.
  shutdown(action, hasError, error) {
    if (this.shuttingDown) return;
    this.shuttingDown = true;
    const act = () => {
      this.afterWrites = undefined;
      if (action === undefined) {
        this.finish(hasError, error);
      } else {
        PromisePrototypeThen(action(), () => this.finish(hasError, error), (failure) => this.finish(true, failure));
      }
    };
    const { target } = this;
    if (target.state !== "writable" || target.closeQueuedOrInFlight) act();
    else if (this.unwritten > 0) this.afterWrites = act;
    else PromisePrototypeThen(resolvedPromise, act);
  }

  finish(hasError, error) {
    this.writer.ready.listener = undefined;
    this.writer.release();
    this.reader.release();
    if (this.onAbort !== undefined) internals.abort.removeAlgorithm(this.signal, this.onAbort);
    if (hasError) this.done.reject(error);
    else this.done.resolve(undefined);
  }
}
isolate(Pipe);

// Both streams must be unlocked. `options` is a converted StreamPipeOptions.
streams.pipe = (source, target, options) => {
  const pipe = new Pipe(source, target, options);
  pipe.start();
  return pipe.done.promise;
};
