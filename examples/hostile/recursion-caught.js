// Recurses without end, catches the `RangeError` and answers.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  fetch() {
    const recurse = (n) => recurse(n + 1) + 1;
    try {
      recurse(0);
    } catch (error) {
      if (error instanceof RangeError) return new Response("still here");
    }
    return new Response("no RangeError");
  },
};
