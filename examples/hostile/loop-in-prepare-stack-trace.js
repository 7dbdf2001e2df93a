// Throws an error whose stack is formatted by an endless guest function: the host meets it when it reports
// the error.
//
// Outcomes: ExceededCpu, Exception
// Quarantine: never

export default {
  fetch() {
    Error.prepareStackTrace = () => {
      for (;;);
    };
    throw new Error("the stack of this error has no end");
  },
};
