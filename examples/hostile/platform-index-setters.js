// Puts setters for array indices on `Object.prototype` and `Array.prototype`: the platform's own lists must
// not run them.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  fetch() {
    for (const prototype of [Object.prototype, Array.prototype]) {
      for (let index = 0; index < 4; index++) {
        Object.defineProperty(prototype, index, {
          set() {
            throw new Error("the platform ran a setter of the guest");
          },
          get() {
            return undefined;
          },
          configurable: true,
        });
      }
    }
    const params = new URLSearchParams("a=1&b=2");
    params.append("c", "3");
    console.log("log", params.toString());
    return new Response("still here", { headers: [] });
  },
};
