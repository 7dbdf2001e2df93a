// Tries to end the status line early.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return new Response("", { status: 200, statusText: "OK\r\nset-cookie: forged=1" });
  },
};
