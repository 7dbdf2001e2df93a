// Sends through many WebSockets what nobody takes. The one that sends past what the request may hold fails; others go on
// as far as there is room.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 5000
// Answer: true

export default {
  fetch() {
    const message = "x".repeat(65536);
    let sent = 0;
    for (let i = 0; i < 100; i++) {
      const pair = new WebSocketPair();
      pair[0].accept();
      pair[0].onerror = () => {};
      while (pair[0].readyState === WebSocket.OPEN && sent < 1e9) {
        pair[0].send(message);
        sent += message.length;
      }
      if (i === 0 && sent > 1e8) return new Response(`${sent} bytes were taken`);
    }
    return new Response(`${sent < 1e9}`);
  },
};
