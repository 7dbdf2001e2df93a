// Gives the platform objects that lie about what they are through well-known symbols.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 1000
// Answer: survived

export default {
  async fetch() {
    const liar = {
      [Symbol.toStringTag]: "Response",
      [Symbol.toPrimitive]: () => Symbol("no primitive"),
      [Symbol.iterator]: () => ({ next: () => ({ get done() { throw new Error("no end"); } }) }),
      [Symbol.asyncIterator]: () => liar,
      get then() {
        throw new Error("no then");
      },
    };
    const calls = [
      () => new Response(liar), () => new Headers(liar), () => new Request(liar), () => new URL(liar),
      () => new URLSearchParams(liar), () => new Response("", liar), () => fetch(liar), () => console.log(liar),
      () => structuredClone(liar), () => queueMicrotask(liar), () => setTimeout(liar), () => btoa(liar),
      () => new Event(liar), () => new ReadableStream(liar), () => new TextDecoder(liar), () => Response.json(liar),
      () => new AbortController().abort(liar), () => crypto.subtle.digest(liar, liar), () => new Blob(liar),
    ];
    for (const call of calls) {
      try {
        await call();
      } catch {
        // Any exception will do.
      }
    }
    return new Response("survived");
  },
};
