// Converts an array to text that is nested a hundred thousand deep.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    let nested = [];
    for (let i = 0; i < 100_000; i++) nested = [nested];
    return new Response(String(nested));
  },
};
