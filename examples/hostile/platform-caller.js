// A classic script, so sloppy code: looks at `caller` and `arguments` of the functions that the platform
// calls.
//
// Outcomes: Ok
// Quarantine: never
// Answer: clean

function found(callback) {
  const leaks = [];
  try {
    if (callback.caller !== null && callback.caller !== undefined) leaks.push(String(callback.caller));
  } catch {
    // Strict callers are censored by throwing in some engines.
  }
  return leaks;
}

addEventListener("fetch", function listener(event) {
  const leaks = found(listener);
  const target = new EventTarget();
  target.addEventListener("x", function inner() {
    leaks.push(...found(inner));
  });
  target.dispatchEvent(new Event("x"));
  event.respondWith(
    new Promise((resolve) => {
      setTimeout(function later() {
        leaks.push(...found(later));
        resolve(new Response(leaks.length === 0 ? "clean" : leaks.join("\n")));
      }, 1);
    }),
  );
});
