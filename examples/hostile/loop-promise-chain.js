// A microtask that queues the next one.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: never

export default {
  fetch() {
    function again() {
      Promise.resolve().then(again);
    }
    again();
    return new Response("never seen");
  },
};
