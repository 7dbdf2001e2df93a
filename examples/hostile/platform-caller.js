// A classic script, so sloppy code: looks at `caller` and `arguments` of the functions that the platform
// calls.
//
// Outcomes: Ok
// Quarantine: never
// Answer: clean

const own = new Set();

function found(callback) {
  own.add(callback);
  try {
    const { caller } = callback;
    return caller === null || caller === undefined || own.has(caller) ? [] : [String(caller)];
  } catch {
    // Some engines censor strict callers by throwing.
    return [];
  }
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
