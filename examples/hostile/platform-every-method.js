// Calls every function that is reachable from the global object with receivers and arguments that it does
// not expect.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 5000
// Answer: survived

export default {
  async fetch() {
    const KeptResponse = Response;
    const seen = new Set();
    const functions = [];
    // These would end the event or replace what the check itself needs.
    const skipped = new Set(["fetch", "setTimeout", "setInterval", "queueMicrotask", "reportError", "eval", "Function"]);
    function visit(value, depth) {
      if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
      if (seen.has(value) || depth > 4) return;
      seen.add(value);
      for (const key of Reflect.ownKeys(value)) {
        if (skipped.has(key)) continue;
        const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
        for (const part of [descriptor.value, descriptor.get, descriptor.set]) {
          if (typeof part === "function") functions.push(part);
          visit(part, depth + 1);
        }
      }
    }
    visit(globalThis, 0);

    const trap = () => {
      throw new TypeError("trapped");
    };
    const thrower = new Proxy(function () {}, new Proxy({}, { get: () => trap }));
    const receivers = [undefined, {}, thrower];
    const argumentLists = [[], [{}], [undefined, -1, NaN], [thrower, thrower], [Symbol.iterator]];
    for (const callee of functions) {
      for (const receiver of receivers) {
        for (const list of argumentLists) {
          try {
            const result = Reflect.apply(callee, receiver, list);
            if (result instanceof Promise) result.catch(() => {});
          } catch {
            // Any exception will do.
          }
        }
      }
      for (const list of argumentLists) {
        try {
          const result = Reflect.construct(callee, list);
          if (result instanceof Promise) result.catch(() => {});
        } catch {
          // Any exception will do.
        }
      }
    }
    await null;
    return new KeptResponse("survived");
  },
};
