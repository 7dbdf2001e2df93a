// Collects structured stack frames wherever the platform calls back, and looks for functions and receivers
// in them that are not its own.
//
// Outcomes: Ok
// Quarantine: never
// Answer: clean

export default {
  async fetch() {
    const leaks = new Set();
    Error.prepareStackTrace = (error, frames) => {
      for (const frame of frames) {
        const receiver = frame.getThis?.();
        if (receiver !== undefined && receiver !== null && receiver !== globalThis) {
          if (typeof receiver === "object" && Object.getPrototypeOf(receiver) === null) leaks.add("a bare object");
        }
        const callee = frame.getFunction?.();
        if (typeof callee === "function" && !/look|pull|then|status|leaks/.test(String(callee))) {
          leaks.add(`the function ${callee.name || "without a name"}`);
        }
      }
      return "";
    };
    function look() {
      return new Error("look").stack;
    }
    look();
    await new Promise((resolve) => setTimeout(() => resolve(look()), 1));
    new Response("", {
      get status() {
        look();
        return 200;
      },
    });
    structuredClone({
      get status() {
        return look();
      },
    });
    const reader = new ReadableStream({
      pull(controller) {
        look();
        controller.close();
      },
    }).getReader();
    await reader.read();
    const target = new EventTarget();
    target.addEventListener("x", () => look());
    target.dispatchEvent(new Event("x"));
    return new Response(leaks.size === 0 ? "clean" : [...leaks].join("\n"));
  },
};
