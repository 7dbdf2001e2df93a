// What all streams share: queues, deferred promises, size algorithms, buffer transfer, and the way in which
// a guest's callbacks are called. No stream lives here, and nothing of it is visible to a guest.
//
// How the streams are built: each public class (ReadableStream, WritableStreamDefaultWriter, ...) is a thin
// facade around a core object that holds the state of the specification's internal slots and its abstract
// operations as methods. The platform works with cores only; facades exist where a guest can hold one.
// The cores' prototypes are never within a guest's reach, so that calling their methods is safe, and they
// do not inherit from Object.prototype (isolate of hardened.js).
//
// Where an algorithm of the specification takes callbacks, a core takes an object: a source has
// start/pull/cancel, a sink has start/write/close/abort, a read request has chunk/close/fail. One object
// serves many chunks, and no closure is made per chunk.

const {
  ArrayBuffer,
  ArrayBufferPrototypeTransferToFixedLength,
  NumberIsNaN,
  Promise,
  PromisePrototypeThen,
  PromiseReject,
  PromiseResolve,
  RangeError,
  ReflectApply,
  TypedArrayPrototypeSet,
  Uint8Array,
  promiseMarkHandled,
  isolate,
} = internals.prim;

const streams = { __proto__: null };
// The other files of this folder add what they have to the same object: it is `internals.streams` and
// `internals.writables` when they have.
internals.queues = streams;

const INFINITY = 1 / 0;

// A promise together with the means to settle it.
let resolveOfLast;
let rejectOfLast;
const keepResolvers = (resolve, reject) => {
  resolveOfLast = resolve;
  rejectOfLast = reject;
};
class Deferred {
  constructor() {
    this.promise = new Promise(keepResolvers);
    this.resolve = resolveOfLast;
    this.reject = rejectOfLast;
    resolveOfLast = rejectOfLast = undefined;
  }
}
streams.Deferred = isolate(Deferred);

// Shared by all who only attach reactions to "a promise resolved with undefined"; never handed to a guest.
const resolvedPromise = PromiseResolve(undefined);
streams.resolvedPromise = resolvedPromise;

const returnUndefined = () => undefined;
streams.returnUndefined = returnUndefined;

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

// A promise that is made when somebody asks for it, for `closed` and `ready` of readers and writers, which
// most users never look at. A rejection of it counts as handled. One platform object may listen to the
// fulfilment without a promise being made: its `onReady` is called at once.
class LazyPromise {
  constructor() {
    this.status = PENDING;
    this.reason = undefined;
    this.made = undefined;
    this.deferred = undefined;
    this.listener = undefined;
  }

  get promise() {
    if (this.made !== undefined) return this.made;
    if (this.status === PENDING) {
      this.deferred = new Deferred();
      this.made = this.deferred.promise;
    } else if (this.status === FULFILLED) {
      this.made = PromiseResolve(undefined);
    } else {
      this.made = PromiseReject(this.reason);
      promiseMarkHandled(this.made);
    }
    return this.made;
  }

  get isPending() {
    return this.status === PENDING;
  }

  resolve() {
    if (this.status !== PENDING) return;
    this.status = FULFILLED;
    if (this.deferred !== undefined) this.deferred.resolve(undefined);
    this.deferred = undefined;
    const listener = this.listener;
    if (listener !== undefined) {
      this.listener = undefined;
      listener.onReady();
    }
  }

  // A settled promise is replaced by a rejected one.
  reject(reason) {
    if (this.status !== PENDING) {
      this.made = undefined;
    } else if (this.deferred !== undefined) {
      this.deferred.reject(reason);
      promiseMarkHandled(this.made);
      this.deferred = undefined;
    }
    this.status = REJECTED;
    this.reason = reason;
    this.listener = undefined;
  }

  // Replaces the promise by a new one that is pending.
  reset() {
    this.status = PENDING;
    this.made = undefined;
    this.deferred = undefined;
  }
}
streams.LazyPromise = isolate(LazyPromise);

// The promise for what an algorithm returned. It is for reactions only, not for handing out.
streams.settled = (result) => (result === undefined ? resolvedPromise : PromiseResolve(result));

// The same for what happens once in a stream's life: Web IDL makes a new promise even for a promise, and it is
// observable how many turns that takes. Pull, write and transform go without it, for speed.
streams.settledAnew = (result) => {
  if (result === undefined) return resolvedPromise;
  // As many turns as resolving a new promise with this one, without the look-up of `then` that this would make.
  return PromisePrototypeThen(PromisePrototypeThen(PromiseResolve(result)));
};

// The outcome of the promise that `action` returns; `action` runs once `first` is settled. A callback that returned
// the promise itself would make the language look up its `then`, which the guest can replace.
streams.after = (first, action) => {
  const deferred = new Deferred();
  const run = () => {
    try {
      PromisePrototypeThen(action(), deferred.resolve, deferred.reject);
    } catch (error) {
      deferred.reject(error);
    }
  };
  PromisePrototypeThen(first, run, run);
  return deferred.promise;
};

// A guest's callback, to be called in the asynchronous context of the stream's maker, whoever the caller is.
const { ifLoaded } = internals;
streams.bound = (callback) => {
  if (callback === undefined) return undefined;
  const contexts = ifLoaded("asyncContext");
  return contexts === undefined ? callback : contexts.bind(callback);
};

// Calls a guest's promise-returning callback; what it throws becomes a rejection. The promise is for reactions
// only.
streams.callForPromise = (callback, thisArgument, argumentsList) => {
  try {
    return streams.settledAnew(ReflectApply(callback, thisArgument, argumentsList));
  } catch (error) {
    return PromiseReject(error);
  }
};

// The same promise's outcome with the value dropped.
streams.withoutValue = (promise) => PromisePrototypeThen(promise, returnUndefined);

class Node {
  constructor(value, size) {
    this.value = value;
    this.size = size;
    this.next = undefined;
  }
}
isolate(Node);

// A first-in first-out list of values with sizes ("queue-with-sizes" of the specification). A linked list,
// because writing to the end of an array can meet a setter that the guest put on Array.prototype. The last
// node to leave is kept for the next value, so that a stream that holds one chunk at a time allocates nothing.
class Queue {
  constructor() {
    this.head = undefined;
    this.tail = undefined;
    this.spare = undefined;
    this.length = 0;
    this.totalSize = 0;
  }

  // Sizes come from guests for chunks; use `push` for platform values.
  enqueueWithSize(value, size) {
    if (typeof size !== "number" || NumberIsNaN(size) || size < 0 || size === INFINITY) {
      throw new RangeError("the size of a chunk must be a finite number that is not negative");
    }
    this.push(value, size);
  }

  push(value, size = 0) {
    let node = this.spare;
    if (node === undefined) {
      node = new Node(value, size);
    } else {
      this.spare = undefined;
      node.value = value;
      node.size = size;
    }
    if (this.tail === undefined) this.head = node;
    else this.tail.next = node;
    this.tail = node;
    this.length += 1;
    this.totalSize += size;
  }

  // The queue must not be empty.
  shift() {
    const node = this.head;
    const value = node.value;
    const next = node.next;
    this.head = next;
    if (next === undefined) this.tail = undefined;
    this.length -= 1;
    this.totalSize -= node.size;
    // Rounding of fractional sizes can leave less than nothing.
    if (this.totalSize < 0) this.totalSize = 0;
    node.value = undefined;
    node.next = undefined;
    this.spare = node;
    return value;
  }

  // Takes `amount` off the first value's size.
  reduceFirst(amount) {
    this.head.size -= amount;
    this.totalSize -= amount;
  }

  // The first value, or undefined.
  peek() {
    return this.head === undefined ? undefined : this.head.value;
  }

  clear() {
    this.head = undefined;
    this.tail = undefined;
    this.length = 0;
    this.totalSize = 0;
  }
}
streams.Queue = isolate(Queue);

// The high water mark of a converted QueuingStrategy.
streams.highWaterMarkOf = (strategy, otherwise) => {
  const mark = strategy.highWaterMark;
  if (mark === undefined) return otherwise;
  if (NumberIsNaN(mark) || mark < 0) {
    throw new RangeError(`the high water mark must be a number that is not negative, found ${mark}`);
  }
  return mark;
};

// Moves the contents into a new buffer and detaches the old one. Throws a TypeError for buffers that cannot be
// detached (those of a WebAssembly.Memory) or are so already.
streams.transferBuffer = (buffer) => ArrayBufferPrototypeTransferToFixedLength(buffer);

streams.copyBytes = (target, targetOffset, source, sourceOffset, count) => {
  TypedArrayPrototypeSet(
    new Uint8Array(target, targetOffset, count),
    new Uint8Array(source, sourceOffset, count),
  );
};

streams.newBuffer = (length) => new ArrayBuffer(length);

// A promise that a guest may have: the shared one is not for handing out.
streams.handOut = (promise) => (promise === resolvedPromise ? PromiseResolve(undefined) : promise);
