// Uses a little CPU time in every one of many turns: the budget is the request's and not the turn's.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    setInterval(() => {
      for (let i = 0; i < 3_000_000; i++) Math.sqrt(i);
    }, 1);
    return new Promise(() => {});
  },
};
