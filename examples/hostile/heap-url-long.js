// Parses a URL of a hundred million characters, natively.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    const url = new URL(`https://example.org/${"ä/".repeat(5e7)}`);
    return Response.json(url.href.length);
  },
};
