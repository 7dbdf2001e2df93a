// Throws a symbol, which cannot be converted to text.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    throw Symbol("thrown");
  },
};
