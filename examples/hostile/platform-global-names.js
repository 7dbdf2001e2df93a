// Looks for what a host must not leave on the global object: internals, V8's own extras, and names of other
// hosts.
//
// Outcomes: Ok
// Quarantine: never
// Answer: clean

export default {
  fetch() {
    const forbidden = [
      "process", "require", "module", "exports", "Deno", "Bun", "gc", "d8", "native", "internals", "__bootstrap",
      "primordials", "isolane", "host", "ops",
    ];
    const found = forbidden.filter((name) => name in globalThis);
    for (const name of Reflect.ownKeys(globalThis)) {
      if (typeof name === "string" && /^_|^%|internal|native|secret/i.test(name)) found.push(name);
    }
    return new Response(found.length === 0 ? "clean" : found.join("\n"));
  },
};
