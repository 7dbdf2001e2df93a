// Answers with a promise that nothing will ever settle. A host that can prove it may say so at once.
//
// Outcomes: ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 300

export default {
  fetch() {
    return new Promise(() => {});
  },
};
