// Throws an error whose `message`, `stack` and `name` throw when they are read.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const error = new Error("hidden");
    for (const name of ["message", "stack", "name", "cause"]) {
      Object.defineProperty(error, name, {
        get() {
          throw new Error(`reading ${name} throws`);
        },
      });
    }
    throw error;
  },
};
