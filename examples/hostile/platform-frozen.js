// Freezes the global object and every prototype that it can reach.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  fetch() {
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const value = globalThis[name];
      if (typeof value !== "function" && (typeof value !== "object" || value === null)) continue;
      if (value === globalThis) continue;
      Object.freeze(value);
      if (typeof value === "function" && typeof value.prototype === "object") Object.freeze(value.prototype);
    }
    try {
      Object.freeze(globalThis);
    } catch {
      // An engine may refuse to freeze the global object.
    }
    console.log("frozen");
    return new Response("still here");
  },
};
