// Throws an object whose `message`, `stack`, `name` and conversions spin: the host meets them when it
// reports it.
//
// Outcomes: ExceededCpu, Exception
// Quarantine: never

export default {
  fetch() {
    const spin = {
      get() {
        for (;;);
      },
    };
    const error = new Error("hidden");
    for (const name of ["message", "stack", "name", "cause", "toString"]) {
      Object.defineProperty(error, name, spin);
    }
    Object.defineProperty(error, Symbol.toPrimitive, spin);
    throw error;
  },
};
