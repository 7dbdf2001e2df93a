// Lies about the constructors of promises and typed arrays, which builtins consult when they make new ones.
//
// Outcomes: Ok, Exception
// Quarantine: never
// Answer: still here

export default {
  async fetch() {
    class Liar extends Promise {
      static get [Symbol.species]() {
        throw new Error("the platform asked for a species");
      }
    }
    Object.defineProperty(Promise.prototype, "constructor", { value: Liar });
    Object.defineProperty(Uint8Array.prototype, "constructor", {
      get() {
        throw new Error("the platform asked for a constructor");
      },
    });
    const bytes = new Uint8Array([...new TextEncoder().encode("still here")]);
    await new Response(bytes).arrayBuffer();
    return new Response(bytes);
  },
};
