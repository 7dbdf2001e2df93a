// Spins in the listener of a classic script.
//
// Outcomes: ExceededCpu
// Quarantine: never

addEventListener("fetch", (event) => {
  event.respondWith(new Response("never seen"));
  for (;;);
});
