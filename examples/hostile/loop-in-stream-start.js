// Answers with a body whose source spins when it is made.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    return new Response(
      new ReadableStream({
        start() {
          for (;;);
        },
      }),
    );
  },
};
