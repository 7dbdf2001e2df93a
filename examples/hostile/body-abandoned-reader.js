// Reads one chunk of the request's body, keeps the reader, and answers.
//
// Outcomes: Ok
// Quarantine: never
// Answer: answered

export default {
  async fetch(request) {
    const reader = request.body.getReader();
    await reader.read();
    globalThis.abandoned = reader;
    return new Response("answered");
  },
};
