// Never answers, and keeps the event loop busy with a timer that does nothing.
//
// Outcomes: ExceededWallTime, ExceededCpu
// Quarantine: never
// Limits: wall_ms 300

export default {
  fetch() {
    setInterval(() => {}, 10);
    return new Promise(() => {});
  },
};
