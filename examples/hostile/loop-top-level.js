// Spins at the top level, before there is any handler: the limit of start-up holds there.
//
// Outcomes: ExceededCpu
// Quarantine: never

for (;;);

export default {
  fetch() {
    return new Response("never seen");
  },
};
