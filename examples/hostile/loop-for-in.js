// Enumerates the keys of an object over and over.
//
// Outcomes: ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 1000

export default {
  fetch() {
    const object = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i]));
    for (;;) {
      for (const key in object) object[key]++;
    }
  },
};
