// Instantiates one module that declares a hundred thousand memories.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const count = [0xa0, 0x8d, 0x06];
    const length = [0xc3, 0x9a, 0x0c];
    const head = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x05, ...length, ...count];
    const bytes = new Uint8Array(head.length + 200_000);
    bytes.set(head);
    new WebAssembly.Instance(new WebAssembly.Module(bytes));
  },
};
