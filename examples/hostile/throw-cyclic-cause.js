// Throws an error that is its own cause.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const error = new AggregateError([], "its own cause");
    error.cause = error;
    error.errors.push(error);
    throw error;
  },
};
