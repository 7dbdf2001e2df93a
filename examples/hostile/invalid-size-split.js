// Asks for an array of more elements than V8 can make, inside a builtin, which V8 answers with a trap
// instead of an error.
//
// Outcomes: ExceededMemory, ExceededCpu, Exception
// Quarantine: possible
// Limits: heap_max_mb 1024

export default {
  fetch() {
    return Response.json("a".repeat(2 ** 28).split("").length);
  },
};
