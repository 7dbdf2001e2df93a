// Resizable array buffers within the isolate's memory. V8 takes the memory of all other buffers from the host's
// allocator, which refuses what is too much; these reserve addresses from the system and commit pages as they grow, and
// nobody is asked. So the constructor and the methods that can commit pages ask; how is in buffer_room.js. What they do
// otherwise is the language's business. Shared buffers and WebAssembly's memories are in late_globals.js.

const {
  ArrayBuffer, ReflectConstruct, ReflectDefineProperty, ReflectOwnKeys, TypeError, defineValue, ownDescriptor,
} = internals.prim;
const { isObject } = internals.webidl;

// Puts a constructor in the place of another, of which it takes over all properties.
internals.takePlace = (holder, key, original, Replacement) => {
  const keys = ReflectOwnKeys(original);
  for (let i = 0; i < keys.length; i++) {
    ReflectDefineProperty(Replacement, keys[i], ownDescriptor(original, keys[i]));
  }
  defineValue(original.prototype, "constructor", Replacement, false);
  if (holder !== undefined) defineValue(holder, key, Replacement, false);
};

const Replacement = function (length, options = undefined) {
  if (new.target === undefined) throw new TypeError("Constructor ArrayBuffer requires 'new'");
  if (!isObject(options)) return ReflectConstruct(ArrayBuffer, [length], new.target);
  return internals.bufferRoom.construct(length, options, new.target);
};
internals.takePlace(internals.global, "ArrayBuffer", ArrayBuffer, Replacement);

const methods = {
  resize(newLength) { return internals.bufferRoom.resize(this, newLength); },
  transfer(newLength = undefined) { return internals.bufferRoom.transfer(this, newLength); },
};
defineValue(ArrayBuffer.prototype, "resize", methods.resize, false);
defineValue(ArrayBuffer.prototype, "transfer", methods.transfer, false);
