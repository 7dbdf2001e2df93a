// Flattens a text that was put together out of half a million parts on both sides.
//
// Outcomes: Ok, Exception, ExceededCpu, ExceededMemory
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    let rope = "middle";
    for (let i = 0; i < 500_000; i++) rope = `<${rope}>`;
    return new Response(rope.slice(500_000 - 1, 500_007));
  },
};
