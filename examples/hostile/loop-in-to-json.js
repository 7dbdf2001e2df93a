// Spins in `toJSON`, called below `Response.json`.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return Response.json({
      toJSON() {
        for (;;);
      },
    });
  },
};
