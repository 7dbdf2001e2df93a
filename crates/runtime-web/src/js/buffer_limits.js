// Resizable array buffers within the isolate's memory. V8 takes the memory of all other buffers from the host's
// allocator, which refuses what is too much; these reserve addresses from the system and commit pages as they grow, and
// nobody is asked. So the constructor and the methods that can commit pages ask here. What they do otherwise is the
// language's business. Shared buffers and WebAssembly's memories are in `late_globals.js`.
//
// `internals.checkRoom(bytes)` throws a RangeError if the isolate has no room for that many more bytes.
//
// `internals.reserve(ranges, addresses, bytes)` throws a RangeError if the isolate may not have these: ranges of
// addresses, the bytes of all of them together, and bytes that V8 does not count. It gives a hold, which must live as
// long as what it was asked for: `holds.keep(object, hold)` sees to that, and `holds.keepAlso` if there may be more of
// them. The garbage collector lets go of it.

const {
  ArrayBuffer, ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetMaxByteLength, ArrayBufferPrototypeGetResizable,
  ArrayBufferPrototypeResize, ArrayBufferPrototypeTransfer, MathTrunc, RangeError, ReflectConstruct,
  ReflectDefineProperty, ReflectOwnKeys, TypeError, WeakMap, WeakMapPrototypeGet, WeakMapPrototypeHas,
  WeakMapPrototypeSet, defineValue, ownDescriptor,
} = internals.prim;
const { isObject } = internals.webidl;

internals.checkRoom = (bytes) => {
  if (bytes > 0 && !native.hasRoom(bytes)) {
    throw new RangeError("Array buffer allocation failed: the isolate's memory limit leaves no room for it");
  }
};

// Gives the hold on, if there is one.
internals.reserved = (hold, what) => {
  if (hold !== undefined) return hold;
  throw new RangeError(
    `${what} allocation failed: the isolate's memory limit, or what it may reserve, leaves no room for it`,
  );
};

internals.reserve = (ranges, addresses, bytes) =>
  internals.reserved(native.reserve(ranges, addresses, bytes), "Array buffer");
const { checkRoom, reserve } = internals;

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
internals.holds = {
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
const { holds } = internals;

// ToIndex without the check of the range, which V8 makes. Throws for symbols and big integers, as the language does.
internals.toIndex = (value) => {
  const number = +value;
  return number !== number ? 0 : MathTrunc(number);
};
const { toIndex } = internals;

// Puts a constructor in the place of another, of which it takes over all properties.
internals.takePlace = (holder, key, original, Replacement) => {
  const keys = ReflectOwnKeys(original);
  for (let i = 0; i < keys.length; i++) {
    ReflectDefineProperty(Replacement, keys[i], ownDescriptor(original, keys[i]));
  }
  defineValue(original.prototype, "constructor", Replacement, false);
  if (holder !== undefined) defineValue(holder, key, Replacement, false);
};

// A resizable buffer with the size, the greatest size and the prototype that are asked for.
const makeResizable = (length, maxByteLength, newTarget) => {
  const hold = reserve(1, maxByteLength, 0);
  checkRoom(length);
  const buffer = ReflectConstruct(ArrayBuffer, [length, { __proto__: null, maxByteLength }], newTarget);
  holds.keep(buffer, hold);
  return buffer;
};

// Everything is read once, in the language's order.
const Replacement = function (length, options = undefined) {
  if (new.target === undefined) throw new TypeError("Constructor ArrayBuffer requires 'new'");
  if (!isObject(options)) return ReflectConstruct(ArrayBuffer, [length], new.target);
  const bytes = toIndex(length);
  const maximum = options.maxByteLength;
  if (maximum === undefined) return ReflectConstruct(ArrayBuffer, [bytes], new.target);
  return makeResizable(bytes, toIndex(maximum), new.target);
};
internals.takePlace(internals.global, "ArrayBuffer", ArrayBuffer, Replacement);

// For the platform: a buffer like this one, with zeros in it.
internals.bufferLike = (buffer) => {
  const length = ArrayBufferPrototypeGetByteLength(buffer);
  if (!ArrayBufferPrototypeGetResizable(buffer)) return new ArrayBuffer(length);
  return makeResizable(length, ArrayBufferPrototypeGetMaxByteLength(buffer), ArrayBuffer);
};

// A resizable buffer stays one, and keeps its addresses.
internals.transferBuffer = (buffer, newLength = undefined) => {
  const moved = ArrayBufferPrototypeTransfer(buffer, newLength);
  holds.move(buffer, moved);
  return moved;
};
const { transferBuffer } = internals;

const methods = {
  resize(newLength) {
    if (!ArrayBufferPrototypeGetResizable(this)) return ArrayBufferPrototypeResize(this, newLength);
    const length = toIndex(newLength);
    checkRoom(length - ArrayBufferPrototypeGetByteLength(this));
    return ArrayBufferPrototypeResize(this, length);
  },
  transfer(newLength = undefined) {
    if (newLength === undefined || !ArrayBufferPrototypeGetResizable(this)) return transferBuffer(this, newLength);
    const length = toIndex(newLength);
    checkRoom(length - ArrayBufferPrototypeGetByteLength(this));
    return transferBuffer(this, length);
  },
};
defineValue(ArrayBuffer.prototype, "resize", methods.resize, false);
defineValue(ArrayBuffer.prototype, "transfer", methods.transfer, false);
