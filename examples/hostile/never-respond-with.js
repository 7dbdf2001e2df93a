// A classic script that answers with a promise that nothing will ever settle.
//
// Outcomes: ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 300

addEventListener("fetch", (event) => {
  event.respondWith(new Promise(() => {}));
});
