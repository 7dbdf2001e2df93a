// Checks of buffers and WebAssembly memories that V8 takes from the system without asking the host's allocator. The
// isolate that runs them may take 64 MiB.

const MiB = 2 ** 20;

const checks = {
  "a resizable buffer has the size that fits"() {
    const buffer = new ArrayBuffer(MiB, { maxByteLength: 4096 * MiB });
    equal([buffer.byteLength, buffer.resizable, buffer.maxByteLength], [MiB, true, 4096 * MiB]);
    buffer.resize(2 * MiB);
    throws("RangeError", () => buffer.resize(100 * MiB));
    throws("RangeError", () => buffer.transfer(100 * MiB));
    equal([buffer.byteLength, buffer.detached], [2 * MiB, false]);
    throws("RangeError", () => new ArrayBuffer(100 * MiB, { maxByteLength: 200 * MiB }));
    throws("RangeError", () => structuredClone(new ArrayBuffer(40 * MiB, { maxByteLength: 40 * MiB })));
  },
  "constructors are what they were"() {
    class Mine extends ArrayBuffer {}
    const mine = new Mine(4, { maxByteLength: 8 });
    mine.resize(8);
    equal([mine instanceof Mine, mine instanceof ArrayBuffer, mine.byteLength], [true, true, 8]);
    equal([ArrayBuffer.name, ArrayBuffer.length, SharedArrayBuffer.name, ArrayBuffer.isView(new DataView(mine))],
      ["ArrayBuffer", 1, "SharedArrayBuffer", true]);
    const plain = new Uint8Array(4).buffer;
    equal([plain instanceof ArrayBuffer, plain.constructor === ArrayBuffer, plain.slice(1).byteLength], [true, true, 3]);
    equal(Object.getOwnPropertyDescriptor(ArrayBuffer, "prototype").writable, false);
    equal(ArrayBuffer[Symbol.species] === ArrayBuffer, true);
    throws("TypeError", () => ArrayBuffer(1));
    throws("RangeError", () => new ArrayBuffer(-1));
    throws("RangeError", () => new ArrayBuffer(2, { maxByteLength: 1 }));
    throws("TypeError", () => new ArrayBuffer(1n));
    throws("TypeError", () => plain.resize(1));
    throws("TypeError", () => ArrayBuffer.prototype.resize.call(new SharedArrayBuffer(1), 1));
    equal([plain.transfer().byteLength, plain.detached], [4, true]);
    equal(new Uint8Array(new ArrayBuffer("3")).length, 3);
  },
  "the size of a buffer is asked for once"() {
    let asked = "";
    const length = { valueOf() { asked += "length "; return 1; } };
    const options = { get maxByteLength() { asked += "maximum "; return { valueOf() { asked += "value"; return 2; } }; } };
    equal([new ArrayBuffer(length, options).maxByteLength, asked], [2, "length maximum value"]);
  },
  "resizable buffers are bounded in number"() {
    const kept = [];
    throws("RangeError", () => {
      for (let i = 0; i < 100_000; i++) kept.push(new ArrayBuffer(1, { maxByteLength: 65536 }));
    });
    equal(kept.length <= 1024, true);
  },
  "a buffer that has moved still counts"() {
    const kept = [];
    throws("RangeError", () => {
      for (let i = 0; i < 100_000; i++) kept.push(new ArrayBuffer(1, { maxByteLength: 65536 }).transfer());
    });
    equal(kept.length <= 1024, true);
    kept.length = 0;
    throws("RangeError", () => {
      for (let i = 0; i < 100_000; i++) {
        const buffer = new ArrayBuffer(1, { maxByteLength: 65536 });
        kept.push(structuredClone(buffer, { transfer: [buffer] }));
      }
    });
    equal(kept.length <= 1024, true);
    kept.length = 0;
    throws("RangeError", () => {
      const buffer = new ArrayBuffer(1, { maxByteLength: 65536 });
      for (let i = 0; i < 100_000; i++) kept.push(structuredClone(buffer));
    });
    equal(kept.length <= 1024, true);
  },
  "buffers may not reserve all addresses"() {
    const kept = [];
    let reserved = 0;
    for (let size = 2 ** 46; size > 2 ** 20; size /= 2) {
      try {
        for (;;) {
          kept.push(new ArrayBuffer(1, { maxByteLength: size }));
          reserved += size;
        }
      } catch (error) {
        equal(error instanceof RangeError, true);
      }
    }
    equal([reserved > 2 ** 32, reserved < 2 ** 45], [true, true]);
  },
  "what is let go of can be had again"() {
    for (let i = 0; i < 2000; i++) {
      new ArrayBuffer(1, { maxByteLength: 2 ** 32 });
      new SharedArrayBuffer(1, { maxByteLength: 2 ** 32 });
      new WebAssembly.Memory({ initial: 1 });
      new WebAssembly.Instance(memoryModule);
    }
  },
  "a shared buffer has the size that fits"() {
    const buffer = new SharedArrayBuffer(MiB, { maxByteLength: 4096 * MiB });
    equal([buffer.byteLength, buffer.growable, buffer.maxByteLength], [MiB, true, 4096 * MiB]);
    equal(buffer.grow(2 * MiB), undefined);
    throws("RangeError", () => buffer.grow(100 * MiB));
    equal(buffer.byteLength, 2 * MiB);
    throws("RangeError", () => new SharedArrayBuffer(100 * MiB, { maxByteLength: 200 * MiB }));
    const clone = structuredClone(buffer);
    clone.grow(3 * MiB);
    equal([clone.byteLength, buffer.byteLength], [3 * MiB, 3 * MiB]);
    throws("RangeError", () => buffer.grow(1));
    throws("RangeError", () => buffer.grow(5000 * MiB));
    throws("TypeError", () => buffer.grow(1n));
    throws("TypeError", () => new SharedArrayBuffer(8).grow(8));
    throws("TypeError", () => buffer.grow.call(new ArrayBuffer(1), 8));
    const kept = [];
    throws("RangeError", () => {
      for (;;) {
        const grown = new SharedArrayBuffer(0, { maxByteLength: MiB });
        grown.grow(MiB);
        kept.push(grown);
      }
    });
    equal([kept.length > 20, kept.length < 64], [true, true]);
  },
  "shared buffers are bounded in number"() {
    const kept = [];
    throws("RangeError", () => {
      for (let i = 0; i < 100_000; i++) kept.push(new SharedArrayBuffer(1, { maxByteLength: 65536 }));
    });
    equal(kept.length <= 1024, true);
  },
  "the late globals are what they were"() {
    class Mine extends SharedArrayBuffer {}
    const mine = new Mine(4, { maxByteLength: 8 });
    mine.grow(8);
    equal([mine instanceof Mine, mine instanceof SharedArrayBuffer, mine.byteLength], [true, true, 8]);
    for (const name of ["SharedArrayBuffer", "WebAssembly"]) {
      const { value, ...rest } = Object.getOwnPropertyDescriptor(globalThis, name);
      equal(rest, { writable: true, enumerable: false, configurable: true });
      equal(value === globalThis[name], true);
    }
    equal(SharedArrayBuffer[Symbol.species] === SharedArrayBuffer, true);
    equal(new SharedArrayBuffer(1).constructor === SharedArrayBuffer, true);
    throws("TypeError", () => SharedArrayBuffer(1));
    equal(String(WebAssembly), "[object WebAssembly]");
    for (const [holder, name, length] of [
      [globalThis, "SharedArrayBuffer", 1], [WebAssembly, "Memory", 1], [WebAssembly, "Instance", 1],
    ]) {
      equal([holder[name].name, holder[name].length], [name, length]);
      equal(Object.getOwnPropertyDescriptor(holder, name).enumerable, false);
      equal(holder[name].prototype.constructor === holder[name], true);
      equal(Object.getOwnPropertyDescriptor(holder[name], "prototype").writable, false);
    }
    for (const [holder, name, length] of [
      [WebAssembly, "instantiate", 1], [WebAssembly, "promising", 1], [WebAssembly.Memory.prototype, "grow", 1],
      [SharedArrayBuffer.prototype, "grow", 1],
    ]) {
      equal([holder[name].name, holder[name].length, "prototype" in holder[name]], [name, length, false]);
      throws("TypeError", () => new holder[name](1));
    }
    equal(Object.getOwnPropertyDescriptor(WebAssembly, "instantiate").enumerable, true);
  },
  "memories are what they were"() {
    class Mine extends WebAssembly.Memory {}
    const mine = new Mine({ initial: 1, maximum: 3 });
    equal([mine instanceof Mine, mine instanceof WebAssembly.Memory, mine.buffer.byteLength], [true, true, 65536]);
    equal([mine.grow(1), mine.grow({ valueOf: () => 1 }), mine.buffer.byteLength], [1, 2, 3 * 65536]);
    throws("RangeError", () => mine.grow(1));
    for (const wrong of [-1, 2 ** 32, Infinity, NaN]) throws("TypeError", () => mine.grow(wrong));
    throws("TypeError", () => WebAssembly.Memory({ initial: 1 }));
    throws("TypeError", () => new WebAssembly.Memory());
    throws("TypeError", () => new WebAssembly.Memory({}));
    throws("TypeError", () => WebAssembly.Memory.prototype.grow.call({}, 1));
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    equal(shared.buffer.constructor === SharedArrayBuffer, true);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4096 });
    throws("RangeError", () => memory.grow(1600));
    equal(memory.buffer.byteLength, 65536);
    throws("RangeError", () => new WebAssembly.Memory({ initial: 1600 }));
  },
  "instances are what they were": async () => {
    const instance = new WebAssembly.Instance(memoryModule, {});
    equal([instance instanceof WebAssembly.Instance, instance.constructor === WebAssembly.Instance], [true, true]);
    equal(instance.exports.memory instanceof WebAssembly.Memory, true);
    throws("TypeError", () => WebAssembly.Instance(memoryModule));
    throws("TypeError", () => new WebAssembly.Instance());
    throws("TypeError", () => new WebAssembly.Instance(memoryModule, 1));
    const made = await WebAssembly.instantiate(memoryBytes);
    equal([Object.keys(made), made.instance instanceof WebAssembly.Instance], [["module", "instance"], true]);
    equal(await WebAssembly.instantiate(memoryModule) instanceof WebAssembly.Instance, true);
    for (const [name, wrong] of [["TypeError", []], ["TypeError", [1]], ["CompileError", [new Uint8Array(9)]]]) {
      const error = await WebAssembly.instantiate(...wrong).then(() => undefined, (reason) => reason);
      equal(error.name, name);
    }
  },
  "memories are bounded in number, wherever they come from": async () => {
    const makers = {
      memory: () => new WebAssembly.Memory({ initial: 1 }),
      empty: () => new WebAssembly.Memory({ initial: 0, maximum: 65536 }),
      shared: () => new WebAssembly.Memory({ initial: 0, maximum: 65536, shared: true }),
      buffer: () => new WebAssembly.Memory({ initial: 0 }).buffer,
      sharedClone: () => structuredClone(new WebAssembly.Memory({ initial: 0, maximum: 1, shared: true }).buffer),
      afterGrowth() {
        const memory = new WebAssembly.Memory({ initial: 0, maximum: 9, shared: true });
        const { buffer } = memory;
        memory.grow(1);
        return buffer;
      },
      instance: () => new WebAssembly.Instance(memoryModule),
      exported: () => new WebAssembly.Instance(memoryModule).exports.memory,
      function: () => new WebAssembly.Instance(memoryModule).exports.size,
    };
    for (const [name, make] of Object.entries(makers)) {
      const kept = [];
      throws("RangeError", () => {
        for (let i = 0; i < 10_000; i++) kept.push(make());
      });
      equal([name, kept.length <= 1024, kept.length > 100], [name, true, true]);
    }
    const kept = [];
    let error;
    try {
      for (let i = 0; i < 10_000; i++) kept.push((await WebAssembly.instantiate(memoryModule)).exports.memory);
    } catch (thrown) {
      error = thrown;
    }
    equal([error instanceof RangeError, kept.length <= 1024], [true, true]);
  },
  "garbage of an earlier turn is not held against what is asked for": async () => {
    const turn = () => new Promise((later) => setTimeout(later));
    const litter = () => {
      const memory = new WebAssembly.Memory({ initial: 480 });
      for (let i = 0; i < 40; i++) new Array(131072).fill(i);
      return memory.buffer.byteLength;
    };
    const kinds = {
      buffer: () => new ArrayBuffer(30 * MiB),
      resizable: () => new ArrayBuffer(1, { maxByteLength: MiB }),
      memory: () => new WebAssembly.Memory({ initial: 1 }),
      text: () => new TextEncoder().encode("x".repeat(20 * MiB)),
    };
    for (const [name, make] of Object.entries(kinds)) {
      for (let i = 0; i < 3; i++) {
        equal(litter(), 30 * MiB);
        await turn();
        try {
          make();
        } catch (error) {
          throw new Error(`${name}, ${i}: ${error.message}`);
        }
        await turn();
      }
    }
  },
  "suspended calls are bounded in number": async () => {
    const { promise, resolve } = Promise.withResolvers();
    const call = WebAssembly.promising(
      new WebAssembly.Instance(suspendingModule, { m: { f: new WebAssembly.Suspending(() => promise) } }).exports.g,
    );
    equal([call.name, call.length], ["1", 0]);
    for (let i = 0; i < 5; i++) {
      const calls = [];
      for (let j = 0; j < 300; j++) calls.push(call());
      resolve();
      await Promise.all(calls);
    }
    const resolvers = [];
    const f = new WebAssembly.Suspending(() => new Promise((resolve) => resolvers.push(resolve)));
    const endless = WebAssembly.promising(new WebAssembly.Instance(suspendingModule, { m: { f } }).exports.g);
    const settled = [];
    // Each that is refused collects garbage first, which takes its time: a few will do.
    for (let i = 0; i < 1200; i++) endless().catch((error) => settled.push(error));
    await new Promise((later) => setTimeout(later));
    equal([resolvers.length <= 1024, settled.length > 100, settled.every((error) => error instanceof RangeError)], [true, true, true]);
  },
};

// (module (memory (export "memory") 0) (func (export "size") (result i32) (memory.size)))
const memoryBytes = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 0, 7, 17, 2, 6, 109, 101, 109, 111, 114,
  121, 2, 0, 4, 115, 105, 122, 101, 0, 0, 10, 6, 1, 4, 0, 63, 0, 11,
]);
const memoryModule = new WebAssembly.Module(memoryBytes);
// (module (import "m" "f" (func)) (func (export "g") (call 0)))
const suspendingModule = new WebAssembly.Module(new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 109, 1, 102, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 103, 0, 1, 10, 6,
  1, 4, 0, 16, 0, 11,
]));
