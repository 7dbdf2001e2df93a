// Answers with a body whose source spins when the second chunk is asked for.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    let pulls = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (++pulls > 1) for (;;);
          controller.enqueue(new TextEncoder().encode("the beginning"));
        },
      }),
    );
  },
};
