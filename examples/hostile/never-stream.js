// Answers with a body that never ends and never gives anything.
//
// Outcomes: ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 300

export default {
  fetch() {
    return new Response(
      new ReadableStream({
        pull() {
          return new Promise(() => {});
        },
      }),
    );
  },
};
