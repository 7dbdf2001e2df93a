// Appends to one query without end.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const params = new URLSearchParams();
    for (let i = 0; ; i++) params.append(`k${i}`, "v".repeat(1000));
  },
};
