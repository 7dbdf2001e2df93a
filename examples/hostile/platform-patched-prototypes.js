// Replaces the methods of the language's prototypes by ones that throw, and then uses the platform: it must
// not depend on what a guest can replace.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 1000
// Answer: still here

export default {
  fetch() {
    const encoder = new TextEncoder();
    const bytes = encoder.encode("still here");
    const bomb = function () {
      throw new Error("the platform called a method that the guest replaced");
    };
    const targets = [
      [Array.prototype, ["push", "pop", "shift", "slice", "splice", "map", "forEach", "join", "indexOf", "concat"]],
      [Array.prototype, [Symbol.iterator, "values", "entries", "keys", "includes", "filter", "some", "every"]],
      [Array, ["from", "isArray", "of"]],
      [Map.prototype, ["get", "set", "has", "delete", "forEach", "keys", "values", "entries", Symbol.iterator]],
      [Set.prototype, ["add", "has", "delete", "forEach", "values", Symbol.iterator]],
      [WeakMap.prototype, ["get", "set", "has", "delete"]],
      [String.prototype, ["toLowerCase", "toUpperCase", "trim", "split", "replace", "slice", "charCodeAt", "indexOf"]],
      [String.prototype, ["startsWith", "endsWith", "includes", "codePointAt", "toWellFormed", Symbol.iterator]],
      [RegExp.prototype, ["exec", "test", Symbol.replace, Symbol.match, Symbol.split]],
      [Promise.prototype, ["then", "catch", "finally"]],
      [Promise, ["resolve", "reject", "all", "race"]],
      [Function.prototype, ["call", "apply", "bind"]],
      [Object, ["keys", "entries", "assign", "create", "defineProperty", "getPrototypeOf", "freeze", "fromEntries"]],
      [Reflect, ["apply", "construct", "ownKeys", "get", "set"]],
      [Number, ["isInteger", "isFinite", "isNaN"]],
      [JSON, ["stringify", "parse"]],
      [ArrayBuffer, ["isView"]],
      [ArrayBuffer.prototype, ["slice"]],
      [Object.getPrototypeOf(Uint8Array.prototype), ["set", "subarray", "slice", Symbol.iterator, "fill"]],
      [Object.getPrototypeOf(function* () {}).prototype, ["next", "return"]],
      [Object.getPrototypeOf([][Symbol.iterator]()), ["next"]],
    ];
    for (let t = 0; t < targets.length; t++) {
      const object = targets[t][0];
      const names = targets[t][1];
      for (let i = 0; i < names.length; i++) object[names[i]] = bomb;
    }
    let sent = false;
    const body = new ReadableStream({
      pull(controller) {
        if (sent) return controller.close();
        sent = true;
        controller.enqueue(bytes);
      },
    });
    new URL("/path?a=b", "https://example.org").searchParams.get("a");
    console.log("log", { nested: [1, 2] }, "%s", 1);
    setTimeout(() => {}, 1);
    return new Response(body, { status: 200, headers: { "content-type": "text/plain", "x-second": "2" } });
  },
};
