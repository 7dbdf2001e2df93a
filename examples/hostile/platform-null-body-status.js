// Answers 204 with a body, which would desynchronise the connection.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return new Response("a body", { status: 204 });
  },
};
