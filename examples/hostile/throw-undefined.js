// Rejects with nothing.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return Promise.reject();
  },
};
