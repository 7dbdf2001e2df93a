// `join` of an array with four billion holes.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception, Ok
// Quarantine: possible

export default {
  fetch() {
    return new Response(new Array(2 ** 32 - 1).join(""));
  },
};
