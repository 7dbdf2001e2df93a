// Asking whether the isolate has room for a buffer whose memory V8 does not take from the host's allocator, and what the
// methods of resizable buffers do then: see buffer_limits.js.
//
// In `internals.bufferRoom`: `check(bytes)` throws a RangeError if the isolate has no room for that many more bytes.
//
// `reserve(ranges, addresses, bytes)` throws a RangeError if the isolate may not have these: ranges of addresses, the
// bytes of all of them together, and bytes that V8 does not count. It gives a hold, which must live as long as what it was
// asked for: `holds.keep(object, hold)` sees to that, and `holds.keepAlso` if there may be more of them. The garbage
// collector lets go of it. `reserved(hold, what)` is for a hold that was asked for in another way.
//
// `like(buffer)` and `transferred(buffer)` are for the platform: a buffer like this one, with zeros in it, and one with
// its memory.

const {
  ArrayBuffer, ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetMaxByteLength,
  ArrayBufferPrototypeGetResizable, ArrayBufferPrototypeResize, ArrayBufferPrototypeTransfer, MathTrunc, RangeError,
  ReflectConstruct, WeakMap, WeakMapPrototypeGet, WeakMapPrototypeHas, WeakMapPrototypeSet,
} = internals.prim;

const check = (bytes) => {
  if (bytes > 0 && !native.hasRoom(bytes)) {
    throw new RangeError("Array buffer allocation failed: the isolate's memory limit leaves no room for it");
  }
};

// Gives the hold on, if there is one.
const reserved = (hold, what) => {
  if (hold !== undefined) return hold;
  throw new RangeError(
    `${what} allocation failed: the isolate's memory limit, or what it may reserve, leaves no room for it`,
  );
};

const reserve = (ranges, addresses, bytes) =>
  reserved(native.reserve(ranges, addresses, bytes), "Array buffer");

const held = new WeakMap();
// The holds of a shared buffer, for all objects that have its memory.
const chainOf = (buffer, first) => {
  let chain = WeakMapPrototypeGet(held, buffer);
  if (chain === undefined) {
    chain = { __proto__: null, hold: first, before: undefined };
    WeakMapPrototypeSet(held, buffer, chain);
  }
  return chain;
};
const holds = {
  __proto__: null,
  keep: (object, hold) => WeakMapPrototypeSet(held, object, hold),
  has: (object) => WeakMapPrototypeHas(held, object),
  // For shared buffers.
  keepAlso(buffer, hold) {
    const chain = chainOf(buffer, undefined);
    chain.before = { __proto__: null, hold: chain.hold, before: chain.before };
    chain.hold = hold;
  },
  // The clone of a shared buffer has its memory. That of a WebAssembly memory is held by the memory, to which the
  // buffer leads.
  share: (buffer, clone) => WeakMapPrototypeSet(held, clone, chainOf(buffer, buffer)),
  move: (from, to) => {
    if (WeakMapPrototypeHas(held, from)) WeakMapPrototypeSet(held, to, WeakMapPrototypeGet(held, from));
  },
};

// ToIndex without the check of the range, which V8 makes. Throws for symbols and big integers, as the language does.
const toIndex = (value) => {
  const number = +value;
  return number !== number ? 0 : MathTrunc(number);
};

// A resizable buffer with the size, the greatest size and the prototype that are asked for.
const makeResizable = (length, maxByteLength, newTarget) => {
  const hold = reserve(1, maxByteLength, 0);
  check(length);
  const buffer = ReflectConstruct(ArrayBuffer, [length, { __proto__: null, maxByteLength }], newTarget);
  holds.keep(buffer, hold);
  return buffer;
};

// Everything is read once, in the language's order.
const construct = (length, options, newTarget) => {
  const bytes = toIndex(length);
  const maximum = options.maxByteLength;
  if (maximum === undefined) return ReflectConstruct(ArrayBuffer, [bytes], newTarget);
  return makeResizable(bytes, toIndex(maximum), newTarget);
};

// For the platform: a buffer like this one, with zeros in it.
const like = (buffer) => {
  const length = ArrayBufferPrototypeGetByteLength(buffer);
  if (!ArrayBufferPrototypeGetResizable(buffer)) return new ArrayBuffer(length);
  return makeResizable(length, ArrayBufferPrototypeGetMaxByteLength(buffer), ArrayBuffer);
};

// A resizable buffer stays one, and keeps its addresses.
const transferred = (buffer, newLength = undefined) => {
  const moved = ArrayBufferPrototypeTransfer(buffer, newLength);
  holds.move(buffer, moved);
  return moved;
};

const resize = (buffer, newLength) => {
  if (!ArrayBufferPrototypeGetResizable(buffer)) return ArrayBufferPrototypeResize(buffer, newLength);
  const length = toIndex(newLength);
  check(length - ArrayBufferPrototypeGetByteLength(buffer));
  return ArrayBufferPrototypeResize(buffer, length);
};

const transfer = (buffer, newLength) => {
  if (newLength === undefined || !ArrayBufferPrototypeGetResizable(buffer)) return transferred(buffer, newLength);
  const length = toIndex(newLength);
  check(length - ArrayBufferPrototypeGetByteLength(buffer));
  return transferred(buffer, length);
};

internals.bufferRoom = {
  __proto__: null, check, construct, holds, like, reserve, reserved, resize, toIndex, transfer, transferred,
};
