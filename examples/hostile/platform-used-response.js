// Answers with a response whose body was read already.
//
// Outcomes: Exception
// Quarantine: never

export default {
  async fetch() {
    const response = new Response("read already");
    await response.text();
    return response;
  },
};
