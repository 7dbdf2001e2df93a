// Async functions that call each other before anything is awaited.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    async function recurse() {
      await recurse();
    }
    return recurse();
  },
};
