// Returns a thenable that resolves with another thenable, for ever.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: never

export default {
  fetch() {
    const thenable = {
      then(resolve) {
        resolve({ then: thenable.then });
      },
    };
    return thenable;
  },
};
