// Fills the stack first and calls native functions from there, one at a time, where almost nothing is left.
//
// Outcomes: Ok, Exception, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    const calls = [
      () => new URL("../b?c", "https://example.org/a/"),
      () => new Headers([["a", "b"]]).get("a"),
      () => structuredClone(new Map([[1, { two: [3] }]])),
      () => new TextDecoder().decode(new Uint8Array([0xc3, 0xa9])),
      () => new Response("body", { headers: { a: "b" } }),
      () => setTimeout(() => {}, 1),
      () => new ReadableStream({}).getReader(),
      () => crypto.randomUUID(),
      () => Promise.reject(1).catch(() => {}),
      () => console.debug("deep"),
      () => new RegExp("(?:a|b)+").exec("abab"),
      () => JSON.parse('{"a":[1,{"b":2}]}'),
      () => new WebAssembly.Memory({ initial: 1 }),
    ];
    function fill(call) {
      try {
        fill(call);
      } catch {
        call();
      }
    }
    for (const call of calls) {
      try {
        fill(call);
      } catch {
        // A RangeError is what is expected; anything but a crash will do.
      }
    }
    return new Response("still here");
  },
};
