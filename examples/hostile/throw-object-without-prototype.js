// Throws an object that has no methods at all.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    throw Object.create(null);
  },
};
