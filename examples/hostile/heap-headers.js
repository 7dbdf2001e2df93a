// Appends to one set of headers without end.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const headers = new Headers();
    for (let i = 0; ; i++) headers.append(`x-${i}`, "v".repeat(1000));
  },
};
