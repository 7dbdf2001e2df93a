// Compiles code from text, which is off.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return new Response(eval("'compiled'"));
  },
};
