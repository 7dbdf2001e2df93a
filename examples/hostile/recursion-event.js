// A listener that dispatches the event that it listens to.
//
// Outcomes: Exception, Ok, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 1000

export default {
  fetch() {
    const target = new EventTarget();
    target.addEventListener("tick", () => target.dispatchEvent(new Event("tick")));
    target.dispatchEvent(new Event("tick"));
    return new Response("answered");
  },
};
