// Answers with a proxy around a response.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return new Proxy(new Response("hidden"), {});
  },
};
