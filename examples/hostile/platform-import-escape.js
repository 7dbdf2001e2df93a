// Tries to import what is not its own: files of the machine, the network, code as data, and the host's
// modules.
//
// Outcomes: Ok
// Quarantine: never
// Answer: nothing imported

export default {
  async fetch() {
    const specifiers = [
      "../../../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:1/x.js",
      "data:text/javascript,export default 1", "node:fs", "fs", "ext:core", "internal:native", "..", "./",
      "\u0000", "blob:null/0",
    ];
    const imported = [];
    for (const specifier of specifiers) {
      try {
        await import(specifier);
        imported.push(specifier);
      } catch {
        // Refused, as it should be.
      }
    }
    return new Response(imported.length === 0 ? "nothing imported" : imported.join("\n"));
  },
};
