// Throws an error whose stack is formatted by a guest function that throws.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    Error.prepareStackTrace = () => {
      throw new Error("thrown while formatting");
    };
    throw new Error("the stack of this error cannot be formatted");
  },
};
