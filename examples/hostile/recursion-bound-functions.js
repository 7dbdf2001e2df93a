// Calls a function that was bound a million times.
//
// Outcomes: Exception, Ok
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    let bound = () => "called";
    for (let i = 0; i < 1_000_000; i++) bound = bound.bind(null);
    return new Response(bound());
  },
};
