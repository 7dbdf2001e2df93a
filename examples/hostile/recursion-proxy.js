// Reads through a hundred thousand proxies.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    let proxy = { x: 1 };
    for (let i = 0; i < 100_000; i++) proxy = new Proxy(proxy, {});
    return Response.json(proxy.x);
  },
};
