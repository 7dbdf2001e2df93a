// Parses objects, each with keys of its own, in one call.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const objects = [];
    for (let i = 0; i < 100_000; i++) objects.push(`{"a${i}":[[]],"b${i}":"${i}"}`);
    const text = `[${objects.join(",")}]`;
    const kept = [];
    for (;;) kept.push(JSON.parse(text));
  },
};
