// Resizable array buffers within the isolate's memory. V8 takes the memory of all other buffers from the host's
// allocator, which refuses what is too much; these reserve addresses from the system and commit pages as they grow, and
// nobody is asked. So the constructor and the methods that can commit pages ask here. What they do otherwise is the
// language's business. Shared buffers are not there yet when this file runs: V8 adds their class to contexts that it
// has made from the snapshot.
//
// `internals.checkRoom(bytes)` throws a RangeError if the isolate has no room for that many more bytes.

const {
  ArrayBuffer, ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetResizable, ArrayBufferPrototypeResize,
  ArrayBufferPrototypeTransfer, List, MathTrunc, RangeError, ReflectConstruct, ReflectDefineProperty, ReflectOwnKeys,
  TypeError, WeakRef, WeakRefPrototypeDeref, defineValue, ownDescriptor,
} = internals.prim;
const { isObject } = internals.webidl;

internals.checkRoom = (bytes) => {
  if (bytes > 0 && !native.hasRoom(bytes)) {
    throw new RangeError("Array buffer allocation failed: the isolate's memory limit leaves no room for it");
  }
};
const { checkRoom } = internals;

// Each resizable buffer holds a range of addresses, of which a process has only so many. A buffer counts until the
// garbage collector has found it, which is after the job that made it at the earliest.
const buffersLimit = 1024;
let buffers = new List();

const checkNumber = () => {
  if (buffers.length < buffersLimit) return;
  const live = new List();
  for (let i = 0; i < buffers.length; i++) {
    if (WeakRefPrototypeDeref(buffers[i]) !== undefined) live.push(buffers[i]);
  }
  buffers = live;
  if (live.length >= buffersLimit) {
    throw new RangeError(`Array buffer allocation failed: ${buffersLimit} resizable buffers are in use already`);
  }
};

// ToIndex without the check of the range, which V8 makes. Throws for symbols and big integers, as the language does.
const toIndex = (value) => {
  const number = +value;
  return number !== number ? 0 : MathTrunc(number);
};

// Everything is read once, in the language's order.
const Replacement = function (length, options = undefined) {
  if (new.target === undefined) throw new TypeError("Constructor ArrayBuffer requires 'new'");
  if (!isObject(options)) return ReflectConstruct(ArrayBuffer, [length], new.target);
  const bytes = toIndex(length);
  const maximum = options.maxByteLength;
  if (maximum === undefined) return ReflectConstruct(ArrayBuffer, [bytes], new.target);
  const maxByteLength = toIndex(maximum);
  checkNumber();
  checkRoom(bytes);
  const buffer = ReflectConstruct(ArrayBuffer, [bytes, { __proto__: null, maxByteLength }], new.target);
  buffers.push(new WeakRef(buffer));
  return buffer;
};
const keys = ReflectOwnKeys(ArrayBuffer);
for (let i = 0; i < keys.length; i++) {
  ReflectDefineProperty(Replacement, keys[i], ownDescriptor(ArrayBuffer, keys[i]));
}
defineValue(ArrayBuffer.prototype, "constructor", Replacement, false);
defineValue(internals.global, "ArrayBuffer", Replacement, false);

const methods = {
  resize(newLength) {
    if (!ArrayBufferPrototypeGetResizable(this)) return ArrayBufferPrototypeResize(this, newLength);
    const length = toIndex(newLength);
    checkRoom(length - ArrayBufferPrototypeGetByteLength(this));
    return ArrayBufferPrototypeResize(this, length);
  },
  // A resizable buffer stays one.
  transfer(newLength = undefined) {
    if (newLength === undefined || !ArrayBufferPrototypeGetResizable(this)) {
      return ArrayBufferPrototypeTransfer(this, newLength);
    }
    const length = toIndex(newLength);
    checkRoom(length - ArrayBufferPrototypeGetByteLength(this));
    return ArrayBufferPrototypeTransfer(this, length);
  },
};
defineValue(ArrayBuffer.prototype, "resize", methods.resize, false);
defineValue(ArrayBuffer.prototype, "transfer", methods.transfer, false);
