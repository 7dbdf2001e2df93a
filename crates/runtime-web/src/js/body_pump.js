// How a body's stream is written to the host: the stream of an answer, or that of an upload.
//
// In `internals.pumps`: `start(stream, pipe)` gives a Pump with `promise` and `abort(reason)`; `stream` is the core that
// forHost of a body gave. `answer(invocation, status, statusText, headers, stream)` answers an event with one.

const {
  PromisePrototypeThen, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetSymbolToStringTag, promiseMarkHandled,
} = internals.prim;
const { Deferred } = internals.queues;

// Moves a stream's chunks into a native pipe, as fast as the host takes them: the pump is its own read request for all
// chunks. Its promise is fulfilled once everything has been written or nobody reads any more, and rejected with the
// stream's error, after the pipe was aborted.
class Pump extends Deferred {
  constructor(stream, pipe) {
    super();
    this.pipe = pipe;
    this.reader = internals.streams.acquireDefaultReader(stream);
    this.over = false;
    // Whether a read is being made by the loop in `run`, and whether it has had its chunk.
    this.looping = false;
    this.delivered = false;
    this.onRoom = () => this.run();
    this.onGone = (reason) => this.readerGone(reason);
  }

  run() {
    if (this.over) return;
    this.looping = true;
    do {
      this.delivered = false;
      this.reader.read(this);
    } while (this.delivered && !this.over);
    this.looping = false;
  }

  chunk(value) {
    if (this.over) return;
    if (TypedArrayPrototypeGetSymbolToStringTag(value) !== "Uint8Array") {
      this.abort(internals.bodyReading.notBytes());
      return;
    }
    let room = true;
    if (TypedArrayPrototypeGetByteLength(value) > 0) {
      try {
        room = native.pipeWrite(this.pipe, value);
      } catch (error) {
        this.readerGone(error);
        return;
      }
    }
    if (room !== true) PromisePrototypeThen(room, this.onRoom, this.onGone);
    else if (this.looping) this.delivered = true;
    else this.run();
  }

  close() {
    if (this.over) return;
    this.over = true;
    native.pipeClose(this.pipe);
    this.resolve(undefined);
  }

  fail(reason) {
    if (this.over) return;
    this.over = true;
    native.pipeAbort(this.pipe, describe(reason));
    this.reject(reason);
  }

  // The other side does not want the rest.
  readerGone(reason) {
    if (this.over) return;
    this.over = true;
    promiseMarkHandled(this.reader.cancel(reason));
    this.resolve(undefined);
  }

  abort(reason) {
    if (this.over) return;
    this.fail(reason);
    promiseMarkHandled(this.reader.cancel(reason));
  }
}

const describe = (reason) => {
  try {
    return `the body's stream failed: ${reason}`;
  } catch {
    return "the body's stream failed";
  }
};

const start = (stream, pipe) => {
  const pump = new Pump(stream, pipe);
  pump.run();
  return pump;
};

// The event goes on until the body is written.
const answer = (invocation, status, statusText, headers, stream) => {
  const pipe = native.pipeOpen();
  invocation.respond(status, statusText, headers, null, pipe);
  invocation.holds += 1;
  PromisePrototypeThen(start(stream, pipe).promise, () => invocation.release(), (error) => {
    if (!invocation.ended) internals.logUncaught("Uncaught (in the response's body)", error);
    invocation.fail("exception", error);
    invocation.release();
  });
};

internals.pumps = { __proto__: null, answer, start };
