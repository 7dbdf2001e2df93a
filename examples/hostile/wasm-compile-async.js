// Starts many asynchronous compilations at once, and waits for none of them.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory, ExceededWallTime
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const bytes = new Uint8Array(2 ** 20);
    bytes.set([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    for (let i = 0; i < 200; i++) {
      WebAssembly.compile(bytes).catch(() => {});
    }
    return new Response("answered");
  },
};
