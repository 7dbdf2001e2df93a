// Sets the headers by which HTTP frames a message: the host must frame the body itself.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  fetch() {
    return new Response("still here", {
      headers: {
        "content-length": "100000",
        "transfer-encoding": "chunked, gzip",
        connection: "upgrade, x-forged",
        upgrade: "websocket",
        trailer: "x",
        "keep-alive": "timeout=1000000",
      },
    });
  },
};
