// A short pattern whose nested counts expand to billions of states.
//
// Outcomes: Exception, ExceededCpu, ExceededMemory, Ok
// Quarantine: never

export default {
  fetch() {
    return Response.json(new RegExp("((((a{1,99}){1,99}){1,99}){1,99}){1,99}b").test("a".repeat(1000)));
  },
};
