// Runs into the budget, catches the `RangeError`, lets go of everything and answers: a refusal must not be
// held against what follows.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  fetch() {
    let kept = [];
    try {
      for (;;) kept.push(new ArrayBuffer(2 ** 20));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    kept = null;
    return new Response(`still here${new ArrayBuffer(1024).byteLength === 1024 ? "" : "?"}`);
  },
};
