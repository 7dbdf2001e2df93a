// Checks of a worker at https://shop.test:8443/a/app.js?b=c#d.

const atTopLevel = location.href;

const checks = {
  "location has the parts of the URL, and cannot be changed"() {
    const { href, origin, protocol, host, hostname, port, pathname, search, hash } = location;
    equal([href, origin, protocol, host, hostname, port, pathname, search, hash], [
      "https://shop.test:8443/a/app.js?b=c#d", "https://shop.test:8443", "https:", "shop.test:8443", "shop.test", "8443",
      "/a/app.js", "?b=c", "#d",
    ]);
    equal(`${location}`, href);
    equal(atTopLevel, href);
    throws("TypeError", () => { location.href = "https://elsewhere.test/"; });
    equal(location === self.location, true);
    equal(Object.prototype.toString.call(location), "[object WorkerLocation]");
    throws("TypeError", () => new WorkerLocation());
    const { get } = Object.getOwnPropertyDescriptor(WorkerLocation.prototype, "href");
    throws("TypeError", () => get.call({}));
    equal(origin, globalThis.origin);
  },
  "location and origin can be replaced, which changes nothing else"() {
    const original = location;
    globalThis.location = "mine";
    globalThis.origin = "mine";
    equal([location, origin], ["mine", "mine"]);
    equal(new Request("/x").url, "https://shop.test:8443/x");
    delete globalThis.location;
    delete globalThis.origin;
    equal(location === original, true);
  },
  "relative URLs are relative to it"() {
    equal(new Request("b?c").url, "https://shop.test:8443/a/b?c");
    equal(new Request("").url, "https://shop.test:8443/a/app.js?b=c");
    equal(Response.redirect("../z").headers.get("location"), "https://shop.test:8443/z");
    const source = new EventSource("/events");
    equal(source.url, "https://shop.test:8443/events");
    source.close();
    const socket = new WebSocket("/socket");
    equal(socket.url, "wss://shop.test:8443/socket");
    socket.close();
    throws("TypeError", () => new URL("/x"));
    equal(throws("TypeError", () => new Request("http://[")).message.includes("not a valid URL"), true);
  },
  async "fetch is relative to it"() {
    equal((await fetch("/up/text")).url, "https://shop.test:8443/up/text");
  },
  "a referrer of another origin is none of its own"() {
    equal(new Request("/").referrer, "about:client");
    equal(new Request("/", { referrer: "/page" }).referrer, "https://shop.test:8443/page");
    equal(new Request("/", { referrer: "https://elsewhere.test/" }).referrer, "about:client");
    equal(new Request("/", { referrer: "" }).referrer, "");
    const request = new Request("/", { referrer: "/page", referrerPolicy: "origin" });
    equal([new Request(request).referrer, new Request(request).referrerPolicy], [request.referrer, "origin"]);
    const changed = new Request(request, { method: "POST" });
    equal([changed.referrer, changed.referrerPolicy], ["about:client", ""]);
  },
  async "the mode same-origin means this origin"() {
    const error = await rejects("TypeError", fetch("https://elsewhere.test/text", { mode: "same-origin" }));
    equal(error.message.includes("https://shop.test:8443"), true, error.message);
    equal((await fetch("/up/text", { mode: "same-origin" })).status, 201);
  },
  async "blob URLs and messages have its origin"() {
    const url = URL.createObjectURL(new Blob(["x"]));
    equal(url.startsWith("blob:https://shop.test:8443/"), true, url);
    equal(new URL(url).origin, "https://shop.test:8443");
    equal(await (await fetch(url)).text(), "x");
    const [from, to] = [new BroadcastChannel("c"), new BroadcastChannel("c")];
    const message = new Promise((resolve) => { to.onmessage = resolve; });
    from.postMessage(1);
    equal((await message).origin, "https://shop.test:8443");
  },
};
