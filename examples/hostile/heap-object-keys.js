// Gives one object more and more properties.
//
// Outcomes: ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const object = {};
    for (let i = 0; ; i++) object[`key${i}`] = i;
  },
};
