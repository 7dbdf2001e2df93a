// An endless loop that builds and drops strings.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    for (let i = 0; ; i++) `${i}`.padStart(64, "x").toUpperCase().slice(3);
  },
};
