// Reads a request body of a megabyte twice: the second reading must be refused.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 1000
// Answer: 1048576

export default {
  async fetch(request) {
    const length = (await request.text()).length;
    try {
      await request.text();
    } catch {
      return new Response(String(length));
    }
    return new Response("read twice");
  },
};
