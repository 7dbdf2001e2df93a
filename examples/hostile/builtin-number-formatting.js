// Formats a number with a hundred thousand digits by locale, which is quadratic native code.
//
// Outcomes: ExceededCpu, ExceededMemory, Exception
// Quarantine: possible

export default {
  fetch() {
    const digits = 10n ** 100_000n;
    const format = new Intl.NumberFormat("en");
    for (;;) format.format(digits);
  },
};
