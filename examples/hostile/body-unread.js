// Answers without reading a request body of a megabyte.
//
// Outcomes: Ok
// Quarantine: never
// Answer: answered

export default {
  fetch() {
    return new Response("answered");
  },
};
