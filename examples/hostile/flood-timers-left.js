// Answers and leaves timers armed: they die with the event, and must not fire in the next one.
//
// Outcomes: Ok
// Quarantine: never
// Answer: answered

export default {
  fetch() {
    for (let i = 0; i < 5000; i++) {
      setTimeout(() => {
        globalThis.fired = (globalThis.fired ?? 0) + 1;
      }, 1);
    }
    return new Response(globalThis.fired === undefined ? "answered" : "a timer of another event fired");
  },
};
