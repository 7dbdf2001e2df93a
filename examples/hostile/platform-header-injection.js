// Tries to end a header early and forge a second response.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return new Response("", { headers: { "x-a": "b\r\nset-cookie: forged=1\r\n\r\nHTTP/1.1 200 OK" } });
  },
};
