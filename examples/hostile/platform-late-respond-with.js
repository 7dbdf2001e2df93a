// A classic script that answers twice, and again when it is too late.
//
// Outcomes: Ok
// Quarantine: never
// Answer: first

addEventListener("fetch", (event) => {
  event.respondWith(new Response("first"));
  try {
    event.respondWith(new Response("second"));
  } catch {
    // InvalidStateError.
  }
  event.waitUntil(
    new Promise((resolve) => {
      setTimeout(() => {
        try {
          event.respondWith(new Response("late"));
        } catch {
          // InvalidStateError.
        }
        resolve();
      }, 5);
    }),
  );
});
