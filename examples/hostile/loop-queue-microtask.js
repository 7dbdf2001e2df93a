// `queueMicrotask` that queues itself.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: never

export default {
  fetch() {
    queueMicrotask(function again() {
      queueMicrotask(again);
    });
    return new Promise(() => {});
  },
};
