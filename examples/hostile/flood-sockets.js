// Makes pairs of WebSockets without end, which are the host's to hold.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 5000
// Answer: RangeError

export default {
  fetch() {
    const kept = [];
    try {
      for (;;) kept.push(new WebSocketPair());
    } catch (error) {
      return new Response(error.name);
    }
  },
};
