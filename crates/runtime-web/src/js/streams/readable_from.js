// Readable streams and async iteration, both ways: ReadableStream.from over a guest's (async) iterable, and
// the iterator that `for await` gets from a stream.

const {
  AsyncIteratorPrototype, ObjectDefineProperty, ObjectSetPrototypeOf, PromisePrototypeThen, PromiseReject,
  PromiseResolve, ReflectApply, SymbolAsyncIterator, SymbolIterator, TypeError, isolate,
} = internals.prim;
const { streams, webidl } = internals;
const { Deferred, ReadableCore, after } = streams;
const { defineTag, isObject } = webidl;

const requireResult = (result) => {
  if (!isObject(result)) throw new TypeError("the iterator's result is not an object");
  return result;
};

// An iterator of the guest as a source. A synchronous iterator's values are awaited, as `for await` does.
class IteratorSource {
  constructor(iterator, isSync) {
    this.iterator = iterator;
    this.next = iterator.next;
    this.isSync = isSync;
    this.pulls = true;
  }

  start() {}

  pull(controller) {
    const result = ReflectApply(this.next, this.iterator, []);
    if (this.isSync) return this.pullValue(controller, requireResult(result));
    return PromisePrototypeThen(PromiseResolve(result), (settledResult) => {
      requireResult(settledResult);
      if (settledResult.done) controller.close();
      else controller.enqueue(settledResult.value);
    });
  }

  pullValue(controller, result) {
    if (result.done) {
      return PromisePrototypeThen(PromiseResolve(result.value), () => controller.close());
    }
    let value;
    try {
      value = PromiseResolve(result.value);
    } catch (error) {
      this.closeQuietly();
      throw error;
    }
    return PromisePrototypeThen(value, (chunk) => controller.enqueue(chunk), (reason) => {
      this.closeQuietly();
      throw reason;
    });
  }

  closeQuietly() {
    try {
      const close = this.iterator.return;
      if (close !== undefined && close !== null) ReflectApply(close, this.iterator, []);
    } catch {
      // The first error is the one that counts.
    }
  }

  cancel(reason) {
    const close = this.iterator.return;
    if (close === undefined || close === null) return undefined;
    if (typeof close !== "function") throw new TypeError("the iterator's return is not a function");
    const result = ReflectApply(close, this.iterator, [reason]);
    if (this.isSync) {
      return PromisePrototypeThen(PromiseResolve(requireResult(result).value), () => undefined);
    }
    return PromisePrototypeThen(PromiseResolve(result), (settledResult) => {
      requireResult(settledResult);
    });
  }
}
isolate(IteratorSource);

// A core that reads what the iterable gives.
streams.readableFrom = (iterable) => {
  const prefix = "Failed to execute 'from' on 'ReadableStream'";
  if (iterable === undefined || iterable === null) throw new TypeError(`${prefix}: Argument 1 is not iterable`);
  let method = iterable[SymbolAsyncIterator];
  let isSync = false;
  if (method === undefined || method === null) {
    method = iterable[SymbolIterator];
    isSync = true;
  }
  if (typeof method !== "function") throw new TypeError(`${prefix}: Argument 1 is not iterable`);
  const iterator = ReflectApply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError(`${prefix}: the iterator is not an object`);
  const core = new ReadableCore();
  streams.setUpDefaultController(core, new IteratorSource(iterator, isSync), 0, undefined);
  return core;
};

const passOn = (result) => result;

class IteratorRead extends Deferred {
  constructor(iterator) {
    super();
    this.iterator = iterator;
    // The promise that next() returned.
    this.call = undefined;
  }

  chunk(value) {
    streams.iterationSettled(this.iterator, this.call);
    this.resolve({ value, done: false });
  }

  close() {
    streams.iterationEnded(this.iterator, this.call);
    this.resolve({ value: undefined, done: true });
  }

  fail(reason) {
    streams.iterationEnded(this.iterator, this.call);
    this.reject(reason);
  }
}

// Calls of next and return run one after the other; a call that finds none under way makes one promise.
class ReadableStreamAsyncIterator {
  #reader;
  #preventCancel;
  #ongoing = undefined;
  #finished = false;

  constructor(reader, preventCancel) {
    this.#reader = reader;
    this.#preventCancel = preventCancel;
  }

  static {
    streams.iterationSettled = (iterator, promise) => {
      if (iterator.#ongoing === promise) iterator.#ongoing = undefined;
    };
    streams.iterationEnded = (iterator, promise) => {
      streams.iterationSettled(iterator, promise);
      iterator.#finished = true;
      if (iterator.#reader.stream !== undefined) iterator.#reader.release();
    };
  }

  next() {
    if (!isObject(this) || !(#ongoing in this)) return PromiseReject(new TypeError("Illegal invocation"));
    if (this.#ongoing === undefined) return this.#step();
    this.#ongoing = after(this.#ongoing, () => this.#step());
    return this.#ongoing;
  }

  #step() {
    if (this.#finished) return PromiseResolve({ value: undefined, done: true });
    const { stream } = this.#reader;
    if (stream.state === "readable" && stream.controller.hasChunk) return this.#reader.readPromise();
    const request = new IteratorRead(this);
    // One turn later than the read, as the specification has it: a pull that the read has caused comes first.
    const result = PromisePrototypeThen(request.promise, passOn);
    request.call = result;
    if (this.#ongoing === undefined) this.#ongoing = result;
    this.#reader.read(request);
    return result;
  }

  return(value) {
    if (!isObject(this) || !(#ongoing in this)) return PromiseReject(new TypeError("Illegal invocation"));
    const result = { value, done: true };
    if (this.#ongoing === undefined) {
      const done = this.#stop(value);
      this.#ongoing = PromisePrototypeThen(done, () => result);
    } else {
      this.#ongoing = after(this.#ongoing, () => PromisePrototypeThen(this.#stop(value), () => result));
    }
    return this.#ongoing;
  }

  #stop(reason) {
    if (this.#finished) return PromiseResolve(undefined);
    this.#finished = true;
    const reader = this.#reader;
    if (reader.stream === undefined) return PromiseResolve(undefined);
    const canceled = this.#preventCancel ? PromiseResolve(undefined) : reader.cancel(reason);
    reader.release();
    return canceled;
  }
}
const iteratorPrototype = ReadableStreamAsyncIterator.prototype;
delete iteratorPrototype.constructor;
ObjectSetPrototypeOf(iteratorPrototype, AsyncIteratorPrototype);
ObjectDefineProperty(iteratorPrototype, "next", { __proto__: null, enumerable: true });
ObjectDefineProperty(iteratorPrototype, "return", { __proto__: null, enumerable: true });
defineTag(iteratorPrototype, "ReadableStream AsyncIterator");

streams.iterate = (stream, preventCancel) =>
  new ReadableStreamAsyncIterator(streams.acquireDefaultReader(stream), preventCancel);
