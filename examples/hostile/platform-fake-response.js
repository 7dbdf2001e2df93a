// Answers with an object that only inherits from `Response`.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return Object.create(Response.prototype);
  },
};
