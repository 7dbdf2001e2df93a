// Answers with a body that stops after its first chunk without ending.
//
// Outcomes: ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 300

export default {
  fetch() {
    let pulls = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (++pulls > 1) return new Promise(() => {});
          controller.enqueue(new TextEncoder().encode("the beginning"));
        },
      }),
    );
  },
};
