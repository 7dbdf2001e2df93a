// Checks of resizable buffers, whose memory V8 takes from the system without asking the host's allocator. The isolate
// that runs them may take 64 MiB.

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
};
