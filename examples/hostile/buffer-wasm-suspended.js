// Makes WebAssembly calls that wait for ever, each of which keeps a stack.
//
// Outcomes: Exception, ExceededMemory, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  async fetch() {
    const bytes = new Uint8Array([
      0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x02, 0x07, 0x01, 0x01,
      0x6d, 0x01, 0x66, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x67, 0x00, 0x01, 0x0a, 0x06,
      0x01, 0x04, 0x00, 0x10, 0x00, 0x0b,
    ]);
    const kept = [];
    const f = new WebAssembly.Suspending(() => new Promise((resolve) => kept.push(resolve)));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { f } });
    const call = WebAssembly.promising(instance.exports.g);
    const calls = [];
    for (let i = 0; i < 100_000; i++) calls.push(call());
    await Promise.all(calls);
  },
};
