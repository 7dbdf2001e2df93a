// Throws `null`.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    throw null;
  },
};
