// Checks of what a guest may do with a global of the platform before it has ever used it.

const checks = {
  "it can be replaced, and stays so when its part of the platform is loaded"() {
    globalThis.File = 1;
    equal(typeof Blob, "function");
    equal(File, 1);
    equal(typeof new Blob([]).size, "number");
  },

  "it can be deleted"() {
    equal(delete globalThis.CustomEvent, true);
    equal([typeof CustomEvent, "CustomEvent" in globalThis], ["undefined", false]);
    equal(typeof new ErrorEvent("error"), "object");
    equal("CustomEvent" in globalThis, false);
  },

  "it can be defined anew"() {
    Object.defineProperty(globalThis, "TextDecoder", { get: () => "mine", configurable: true });
    equal(TextDecoder, "mine");
    equal(new TextEncoder().encode("a").length, 1);
  },

  "a use for which the stack has no room fails, and the next one works"() {
    let depths = 0;
    const dive = () => {
      try {
        dive();
      } catch {
        // Near the end of the stack, again and again on the way back.
        depths += 1;
        try {
          new Request("http://h/", { method: "POST", body: new FormData(), signal: new AbortController().signal });
          new DOMException("m", "n");
          new TransformStream();
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          throw error;
        }
      }
    };
    try {
      dive();
    } catch (error) {
      equal(error instanceof RangeError, true);
    }
    equal(depths > 0, true);
    const request = new Request("http://h/", { method: "POST", body: new FormData() });
    equal(request instanceof Request, true);
    equal(request.headers instanceof Headers, true);
    equal(new DOMException("m", "n") instanceof DOMException, true);
    equal(new TransformStream().readable instanceof ReadableStream, true);
    equal(new Response(new Blob(["x"])).body instanceof ReadableStream, true);
  },

  async "a frozen global keeps what was not used yet"() {
    Object.freeze(globalThis);
    equal(new URLSearchParams("a=1").get("a"), "1");
    equal(new URLSearchParams("a=1") instanceof URLSearchParams, true);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const channel = new MessageChannel();
    equal(channel.port1 instanceof MessagePort, true);
    equal(typeof performance.now(), "number");
    equal((await crypto.subtle.digest("SHA-256", new Uint8Array(1))).byteLength, 32);
  },
};
