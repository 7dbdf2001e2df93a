// Spins in a proxy's trap, called by a builtin.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    const proxy = new Proxy(
      {},
      {
        ownKeys() {
          for (;;);
        },
      },
    );
    return Response.json(Object.keys(proxy));
  },
};
