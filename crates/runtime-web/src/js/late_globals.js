// SharedArrayBuffer and WebAssembly within the isolate's memory, as `buffer_limits.js` for other buffers: growable shared
// buffers, memories, and the stacks of suspended calls reserve addresses, and grow without asking. Memories that
// grow from inside WebAssembly are the core's business, which measures turns that take long.
//
// V8 adds the two globals to contexts that it has made from the snapshot, so they are not there yet when this file
// runs. The core calls `lateGlobal` when a guest first uses one of them, with both as V8 made them. From then on
// nothing leads to the original constructors any more.

const {
  List, PromisePrototypeThen, PromiseReject, RangeError, ReflectApply, ReflectConstruct, ReflectDefineProperty,
  ReflectGetPrototypeOf, ReflectOwnKeys, defineValue, ownDescriptor, uncurryThis,
} = internals.prim;
const { bufferRoom, takePlace } = internals;
const { check, holds, reserve, reserved, toIndex } = bufferRoom;
const { isObject } = internals.webidl;

// Memory is committed in pages of the system's.
const PAGE = 4096;
const inPages = (bytes) => (bytes > 0 ? bytes + (PAGE - 1) - ((bytes + (PAGE - 1)) % PAGE) : 0);

// At least what V8 reserves for the stack of a call that may be suspended.
const STACK = 2 ** 20;

const limitSharedBuffers = (SharedArrayBuffer) => {
  const proto = SharedArrayBuffer.prototype;
  const getByteLength = uncurryThis(ownDescriptor(proto, "byteLength").get);
  const getGrowable = uncurryThis(ownDescriptor(proto, "growable").get);
  const grow = uncurryThis(proto.grow);

  const Replacement = function (length, options = undefined) {
    if (new.target === undefined) return ReflectApply(SharedArrayBuffer, undefined, []);
    if (!isObject(options)) return ReflectConstruct(SharedArrayBuffer, [length], new.target);
    const bytes = toIndex(length);
    const maximum = options.maxByteLength;
    if (maximum === undefined) return ReflectConstruct(SharedArrayBuffer, [bytes], new.target);
    const maxByteLength = toIndex(maximum);
    const hold = reserve(1, maxByteLength, inPages(bytes));
    const buffer =
      ReflectConstruct(SharedArrayBuffer, [bytes, { __proto__: null, maxByteLength }], new.target);
    holds.keepAlso(buffer, hold);
    return buffer;
  };
  takePlace(undefined, "SharedArrayBuffer", SharedArrayBuffer, Replacement);

  const methods = {
    grow(newLength) {
      if (!getGrowable(this)) return grow(this, newLength);
      const length = toIndex(newLength);
      const more = inPages(length) - inPages(getByteLength(this));
      const hold = more > 0 ? reserve(0, 0, more) : undefined;
      grow(this, length);
      if (hold !== undefined) holds.keepAlso(this, hold);
      return undefined;
    },
  };
  defineValue(proto, "grow", methods.grow, false);
  return Replacement;
};

const limitMemories = (WebAssembly) => {
  const { Memory } = WebAssembly;
  const proto = Memory.prototype;
  const grow = uncurryThis(proto.grow);

  // The system gives no page before it is used. So the memory may be there already when it proves too large. Nothing
  // else may be called while it is: at every call the core may come to measure, and that memory would count.
  const makeIfRoom = (list, newTarget) => {
    const memory = ReflectConstruct(Memory, list, newTarget);
    return native.hasRoom(0) ? memory : undefined;
  };

  const Replacement = function (descriptor) {
    if (new.target === undefined) return ReflectApply(Memory, undefined, []);
    const hold = reserved(native.reserveMemory(), "WebAssembly.Memory");
    const memory = makeIfRoom(arguments.length === 0 ? [] : [descriptor], new.target);
    holds.keep(reserved(memory, "WebAssembly.Memory"), hold);
    return memory;
  };
  takePlace(WebAssembly, "Memory", Memory, Replacement);

  const methods = {
    // What is no number yet V8 makes one; the end of the turn finds out how much that was. So does it with numbers that
    // no memory can grow by.
    grow(delta) {
      if (typeof delta === "number" && delta < 2 ** 32) check(delta * 65536);
      return grow(this, delta);
    },
  };
  defineValue(proto, "grow", methods.grow);
  return proto;
};

const limitInstances = (WebAssembly, MemoryPrototype) => {
  const { Instance, instantiate } = WebAssembly;
  const getExports = uncurryThis(ownDescriptor(Instance.prototype, "exports").get);

  // The instance's functions keep it alive, but its memories do not.
  const keep = (instance, hold) => {
    holds.keep(instance, hold);
    const exported = getExports(instance);
    const keys = ReflectOwnKeys(exported);
    for (let i = 0; i < keys.length; i++) {
      const value = exported[keys[i]];
      if (isObject(value) && ReflectGetPrototypeOf(value) === MemoryPrototype && !holds.has(value)) {
        holds.keep(value, hold);
      }
    }
  };

  // An instance that did not come to be may live on in a table that was imported: nobody can tell.
  const lost = new List();

  const Replacement = function (module) {
    if (new.target === undefined) return ReflectApply(Instance, undefined, []);
    const hold = native.reserveForModule(module);
    if (hold === null) return ReflectConstruct(Instance, arguments, new.target);
    reserved(hold, "WebAssembly.Instance");
    let instance;
    try {
      instance = ReflectConstruct(Instance, arguments, new.target);
    } catch (error) {
      lost.push(hold);
      throw error;
    }
    keep(instance, hold);
    return instance;
  };
  takePlace(WebAssembly, "Instance", Instance, Replacement);

  const functions = {
    // Of bytes, V8 makes its own copy before anything else runs.
    instantiate(source) {
      const hold = native.reserveForModule(source);
      if (hold === undefined) {
        try {
          reserved(hold, "WebAssembly.instantiate");
        } catch (error) {
          return PromiseReject(error);
        }
      }
      const promise = ReflectApply(instantiate, WebAssembly, arguments);
      if (hold === null) return promise;
      return PromisePrototypeThen(promise, (result) => {
        // Of bytes, the result is an object of V8's with a module and an instance.
        const made = ownDescriptor(result, "instance");
        keep(made === undefined ? result : made.value, hold);
        return result;
      }, (error) => {
        lost.push(hold);
        throw error;
      });
    },
  };
  defineValue(WebAssembly, "instantiate", functions.instantiate);
};

const limitSuspensions = (WebAssembly) => {
  const { promising } = WebAssembly;
  const functions = {
    promising(exported) {
      const call = promising(exported);
      const wrapped = {
        call() {
          let hold = native.reserve(1, STACK, 0);
          if (hold === undefined) return PromiseReject(new RangeError("too many calls are suspended"));
          const end = () => { hold = undefined; };
          const promise = ReflectApply(call, undefined, arguments);
          return PromisePrototypeThen(promise, (value) => {
            end();
            return value;
          }, (error) => {
            end();
            throw error;
          });
        },
      }.call;
      const keys = ReflectOwnKeys(call);
      for (let i = 0; i < keys.length; i++) ReflectDefineProperty(wrapped, keys[i], ownDescriptor(call, keys[i]));
      return wrapped;
    },
  };
  defineValue(WebAssembly, "promising", functions.promising);
};

const done = { __proto__: null, SharedArrayBuffer: undefined, WebAssembly: undefined };

// The guest's stack may be too full for this, which it then learns; it finds neither of the two before all is done.
internals.lateGlobal = (name, SharedArrayBuffer, WebAssembly) => {
  done.SharedArrayBuffer ??= limitSharedBuffers(SharedArrayBuffer);
  if (WebAssembly !== undefined && done.WebAssembly === undefined) {
    limitInstances(WebAssembly, limitMemories(WebAssembly));
    limitSuspensions(WebAssembly);
    internals.addWasmStreaming(WebAssembly);
    done.WebAssembly = WebAssembly;
  }
  return done[name];
};
