// Hands its own promise's resolver to itself and waits for the cycle.
//
// Outcomes: ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 300

export default {
  async fetch() {
    let resolve;
    const promise = new Promise((r) => {
      resolve = r;
    });
    promise.then(resolve);
    await promise;
  },
};
