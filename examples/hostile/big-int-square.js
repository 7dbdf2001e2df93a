// Squares a number until it has a billion bits.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible

export default {
  fetch() {
    let number = 3n;
    for (;;) number *= number;
  },
};
