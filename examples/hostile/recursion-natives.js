// Calls native functions of the platform at every depth of the stack, down to the last frame that fits:
// native code must have room left.
//
// Outcomes: Ok, Exception, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    function recurse(n) {
      new URL("https://user@example.org:8080/a/../b?c#d").searchParams.get("c");
      atob(btoa("abc"));
      structuredClone({ nested: [n] });
      new TextDecoder().decode(new TextEncoder().encode("é"));
      crypto.getRandomValues(new Uint8Array(16));
      console.debug(n);
      recurse(n + 1);
    }
    try {
      recurse(0);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return new Response("still here");
  },
};
