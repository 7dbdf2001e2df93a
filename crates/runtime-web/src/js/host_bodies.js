// Reading bodies of the host, chunk by chunk.
//
// `internals.hostBodies.of(body)` is the NativeBody that reads a Body of body.js which has a resource id.

const { PromiseReject, TypeError, isolate } = internals.prim;
const { requestEpoch } = internals;

class NativeBody {
  constructor(rid, epoch) {
    this.rid = rid;
    this.epoch = epoch;
    // { reason } once aborted.
    this.failure = undefined;
    this.ended = false;
    // The host's operation of the read that was made last.
    this.operation = -1;
    // Called with the reason of an abort by whoever reads this body.
    this.onAbort = undefined;
    // Called at the end of the body, whatever it is.
    this.onEnd = undefined;
  }

  // The promise is for { chunk }, or null at the end.
  next() {
    if (this.failure !== undefined) return PromiseReject(this.failure.reason);
    if (this.epoch !== requestEpoch.value) {
      return PromiseReject(new TypeError("this body belongs to an earlier request, which has ended"));
    }
    const answer = native.bodyRead(this.rid);
    this.operation = native.lastOp();
    return answer;
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    this.onAbort = undefined;
    if (this.onEnd !== undefined) this.onEnd();
    this.onEnd = undefined;
  }

  cancel() {
    if (!this.ended && this.epoch === requestEpoch.value) {
      native.bodyCancel(this.rid);
      // A read that still waits holds on to the body.
      if (this.operation !== -1) native.cancelOp(this.operation);
    }
    this.end();
  }

  abort(reason) {
    if (this.ended) return;
    this.failure = { __proto__: null, reason };
    const { onAbort } = this;
    this.cancel();
    if (onAbort !== undefined) onAbort(reason);
  }
}
isolate(NativeBody);

const of = (body) => {
  if (body.native === undefined) body.native = new NativeBody(body.rid, body.epoch);
  return body.native;
};

internals.hostBodies = { __proto__: null, of };
