// A WebSocket server: the answer to an upgrade has one end of a pair, and the worker keeps the other. The event goes on
// until the socket is closed, whoever closes it; each message has the processor time that a request has.
//
// Serve it and connect to it, with any client:
//   isolane serve examples/workers/websocket-echo.js
//   node -e 'const s = new WebSocket("ws://127.0.0.1:8787/"); s.onopen = () => s.send("hi");
//            s.onmessage = ({ data }) => { console.log(data); s.close() }'
// It prints:
//   1: hi
// `isolane run` shows what a client gets that asks for no WebSocket.

const PROTOCOL = "counted-echo";

export default {
  fetch(request) {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("expected a WebSocket\n", { status: 426, headers: { upgrade: "websocket" } });
    }
    const [client, server] = Object.values(new WebSocketPair());
    let count = 0;
    server.accept();
    server.addEventListener("message", ({ data }) => {
      count += 1;
      if (typeof data !== "string") server.send(data);
      else if (data === "close") server.close(4000, `after ${count} messages`);
      else server.send(`${count}: ${data}`);
    });
    server.addEventListener("close", ({ code, wasClean }) => {
      console.log(`closed after ${count} messages, code ${code}, ${wasClean ? "clean" : "broken"}`);
    });
    // The client is told which of its protocols is spoken, if it named any.
    const asked = request.headers.get("sec-websocket-protocol")?.split(",").map((protocol) => protocol.trim());
    const headers = asked?.includes(PROTOCOL) ? { "sec-websocket-protocol": PROTOCOL } : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  },
};
