// Spins in a getter that the platform calls while it reads the options of a response.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return new Response("", {
      get status() {
        for (;;);
      },
    });
  },
};
