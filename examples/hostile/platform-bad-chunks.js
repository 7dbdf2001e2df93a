// Answers with a stream of values that are not bytes.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const chunks = [1, {}, null, Symbol.iterator];
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(chunks.shift());
        },
      }),
    );
  },
};
