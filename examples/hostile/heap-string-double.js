// Doubles a text until V8 has no longer ones.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let text = "x";
    for (;;) text += text;
  },
};
