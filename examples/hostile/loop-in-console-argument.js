// Logs an object whose getters and conversions spin.
//
// Outcomes: ExceededCpu, Ok
// Quarantine: never

export default {
  fetch() {
    console.log({
      get endless() {
        for (;;);
      },
      toString() {
        for (;;);
      },
      [Symbol.toPrimitive]() {
        for (;;);
      },
    });
    return new Response("logged");
  },
};
