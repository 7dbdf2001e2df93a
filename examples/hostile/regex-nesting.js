// A pattern with a million open groups.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    new RegExp("(".repeat(1_000_000) + ")".repeat(1_000_000));
  },
};
