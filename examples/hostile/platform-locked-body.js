// Answers with a body that somebody else holds a reader of.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const body = new ReadableStream({});
    body.getReader();
    return new Response(body);
  },
};
