// Arms 200 000 timers for a far future and never answers.
//
// Outcomes: Exception, ExceededWallTime, ExceededCpu
// Quarantine: never
// Limits: wall_ms 300, cpu_ms 2000

export default {
  fetch() {
    for (let i = 0; i < 200_000; i++) setTimeout(() => {}, 1e6 + i);
    return new Promise(() => {});
  },
};
