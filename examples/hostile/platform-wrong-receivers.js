// Calls the methods and accessors of each platform class on instances of every other one.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 2000
// Answer: survived

export default {
  fetch() {
    const instances = [
      new Headers(), new Request("http://localhost/"), new Response(""), new URL("http://localhost/"),
      new URLSearchParams(), new ReadableStream(), new WritableStream(), new TransformStream(),
      new AbortController(), new AbortController().signal, new EventTarget(), new Event("x"), new TextEncoder(),
      new TextDecoder(), new DOMException(), performance, crypto, crypto.subtle, console, globalThis,
    ];
    const failures = [];
    for (const instance of instances) {
      const prototype = Object.getPrototypeOf(instance);
      for (const key of Reflect.ownKeys(prototype)) {
        if (key === "constructor") continue;
        const { value, get, set } = Reflect.getOwnPropertyDescriptor(prototype, key);
        for (const member of [value, get, set]) {
          if (typeof member !== "function") continue;
          for (const other of instances) {
            try {
              const result = Reflect.apply(member, other, []);
              if (result instanceof Promise) result.catch(() => {});
            } catch (error) {
              if (!(error instanceof Error)) failures.push(String(key));
            }
          }
        }
      }
    }
    return new Response(failures.length === 0 ? "survived" : failures.join("\n"));
  },
};
