// Dispatches events to a listener that never tires.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    const target = new EventTarget();
    target.addEventListener("tick", () => {});
    for (;;) target.dispatchEvent(new Event("tick"));
  },
};
