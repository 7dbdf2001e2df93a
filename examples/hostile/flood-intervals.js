// A thousand intervals without delay.
//
// Outcomes: ExceededCpu, ExceededWallTime, Exception
// Quarantine: never
// Limits: cpu_ms 500

export default {
  fetch() {
    for (let i = 0; i < 1000; i++) setInterval(() => Math.sqrt(i), 0);
    return new Promise(() => {});
  },
};
