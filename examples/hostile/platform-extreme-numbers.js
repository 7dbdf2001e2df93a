// Gives the platform the numbers that are easily mistaken: infinite, negative, fractional, larger than any
// integer type.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 1000
// Answer: survived

export default {
  fetch() {
    const numbers = [NaN, Infinity, -Infinity, -0, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, -(2 ** 63), 5e-324];
    const calls = [
      (n) => clearTimeout(setTimeout(() => {}, n)),
      (n) => clearTimeout(n),
      (n) => clearInterval(setInterval(() => {}, n)),
      (n) => new Response("", { status: n }),
      (n) => new ReadableStream({}, { highWaterMark: n }),
      (n) => new ReadableStream({}, { highWaterMark: 1, size: () => n }),
      (n) => crypto.getRandomValues(new Uint8Array(Math.min(n, 70_000))),
      (n) => new TextEncoder().encodeInto("x", new Uint8Array(4).subarray(n)),
      (n) => AbortSignal.timeout(n),
      (n) => new Date(n).toISOString(),
      (n) => "x".at(n),
      (n) => structuredClone(n),
      (n) => new URL("http://localhost/").port = n,
    ];
    for (const call of calls) {
      for (const number of numbers) {
        try {
          call(number);
        } catch {
          // Any exception will do.
        }
      }
    }
    return new Response("survived");
  },
};
