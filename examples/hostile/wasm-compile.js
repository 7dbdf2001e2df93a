// Compiles and calls a module of ten thousand functions of a thousand additions each, which is native work.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    function leb(n) {
      const bytes = [];
      do {
        bytes.push((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
        n >>>= 7;
      } while (n > 0);
      return bytes;
    }
    function section(id, content) {
      return [id, ...leb(content.length), ...content];
    }
    const FUNCTIONS = 10_000;
    const body = [0x00, 0x41, 0x00];
    for (let i = 0; i < 1000; i++) body.push(0x41, 0x01, 0x6a);
    body.push(0x1a, 0x0b);
    const entry = [...leb(body.length), ...body];
    const count = leb(FUNCTIONS);

    const head = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].concat(
      section(1, [0x01, 0x60, 0x00, 0x00]),
      section(3, [...count, ...new Array(FUNCTIONS).fill(0)]),
      section(7, [0x01, 0x01, 0x66, 0x00, 0x00]),
      [0x0a, ...leb(count.length + entry.length * FUNCTIONS), ...count],
    );
    const bytes = new Uint8Array(head.length + entry.length * FUNCTIONS);
    bytes.set(head);
    for (let i = 0; i < FUNCTIONS; i++) bytes.set(entry, head.length + i * entry.length);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    instance.exports.f();
    return new Response("compiled");
  },
};
