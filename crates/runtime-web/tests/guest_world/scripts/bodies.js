// Checks of bodies, headers and fetch: how they are made, read, copied, sent and aborted. The upstream is the host's.

const upstream = "http://upstream.test/";
const encode = (text) => new TextEncoder().encode(text);
const streamOf = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
});
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const dropped = async () => Number(await (await fetch(`${upstream}dropped`)).text());

const checks = {
  async "an upstream's answer has status, URL and body"() {
    const answer = await fetch(`${upstream}text#fragment`);
    equal([answer.status, answer.ok, answer.url, answer.type], [201, true, `${upstream}text`, "basic"]);
    equal([await answer.text(), answer.bodyUsed], ["upstream text", true]);
    throws("TypeError", () => answer.headers.set("a", "b"));
  },
  async "a body is sent, whatever it is made of"() {
    const send = async (body, headers = {}) => {
      const answer = await fetch(`${upstream}echo`, { method: "PUT", body, headers, duplex: "half" });
      equal(answer.headers.get("x-method"), "PUT");
      return answer.text();
    };
    equal(await send("text"), "text");
    equal(await send(encode("bytes")), "bytes");
    equal(await send(encode("xbytesx").subarray(1, 6)), "bytes");
    equal(await send(new Blob(["bl", encode("ob")])), "blob");
    equal(await send(new URLSearchParams({ a: "b c" })), "a=b+c");
    equal(await send(streamOf(encode("A"), encode(""), encode("B"))), "AB");
    equal(await send((await fetch(`${upstream}text`)).body), "upstream text");
    const form = new FormData();
    form.append("a", "1");
    form.append("file", new File(["contents"], "name.txt", { type: "text/plain" }));
    const back = await new Response(await send(form)).text();
    equal([back.includes('name="a"\r\n\r\n1'), back.includes('filename="name.txt"')], [true, true]);
  },
  async "an upload is written as the stream gives it"() {
    const { readable, writable } = new TransformStream();
    const answer = fetch(`${upstream}echo`, { method: "POST", body: readable, duplex: "half" });
    const writer = writable.getWriter();
    await writer.write(encode("one "));
    await later(1);
    await writer.write(encode("two"));
    await writer.close();
    equal(await (await answer).text(), "one two");
  },
  async "an upload that fails is a fetch that fails"() {
    const failing = new ReadableStream({ pull() { throw new Error("bad source"); } });
    const error = await rejects("TypeError", fetch(`${upstream}echo`, { method: "POST", body: failing, duplex: "half" }));
    equal(error.message.includes("bad source"), true, error.message);
  },
  async "an upstream that is not there is a TypeError"() {
    const error = await rejects("TypeError", fetch(`${upstream}nowhere`));
    equal(error.message.includes("nowhere"), true, error.message);
    await rejects("TypeError", fetch("ftp://upstream.test/"));
    await rejects("TypeError", fetch("http://user:word@upstream.test/"));
    await rejects("TypeError", fetch("/relative"));
    const unsendable = await rejects("TypeError", fetch(`${upstream}text`, { headers: { "x-bell": "a\x07b" } }));
    equal(unsendable.message.includes("x-bell"), true, unsendable.message);
  },
  async "an abort ends a fetch at each of its stages"() {
    await rejects("AbortError", fetch(`${upstream}text`, { signal: AbortSignal.abort() }));
    equal(await fetch(`${upstream}text`, { signal: AbortSignal.abort("why") }).catch((reason) => reason), "why");
    const before = await dropped();
    const waiting = new AbortController();
    const answer = fetch(`${upstream}never`, { signal: waiting.signal });
    setTimeout(() => waiting.abort(), 1);
    await rejects("AbortError", answer);
    const reading = new AbortController();
    const { body } = await fetch(`${upstream}endless`, { signal: reading.signal });
    const reader = body.getReader();
    equal((await reader.read()).value.length, 5);
    setTimeout(() => reading.abort(new RangeError("enough")), 1);
    await rejects("RangeError", reader.read());
    const collecting = new AbortController();
    const endless = await fetch(`${upstream}endless`, { signal: collecting.signal });
    setTimeout(() => collecting.abort(), 1);
    await rejects("AbortError", endless.text());
    // The host has let go of all three.
    while (await dropped() < before + 3) await later(1);
  },
  async "a body is read once, and its copy once more"() {
    const response = new Response("text");
    const copy = response.clone();
    equal([await response.text(), await copy.text()], ["text", "text"]);
    await rejects("TypeError", response.text());
    throws("TypeError", () => response.clone());
    throws("TypeError", () => new Response(streamOf()).body.getReader() && new Response(response.body).x);
    const answer = await fetch(`${upstream}text`);
    const second = answer.clone();
    equal([await second.text(), await answer.text()], ["upstream text", "upstream text"]);
  },
  async "a locked body is not read"() {
    const response = new Response(streamOf(encode("x")));
    const reader = response.body.getReader();
    await rejects("TypeError", response.text());
    reader.releaseLock();
    equal(await response.text(), "x");
  },
  async "a stream of anything but bytes is no body"() {
    await rejects("TypeError", new Response(streamOf("text")).text());
    await rejects("TypeError", new Response(streamOf(new ArrayBuffer(1))).arrayBuffer());
  },
  async "bodies come as what they are asked for"() {
    equal(await new Response('\ufeff{"a":1}').json(), { a: 1 });
    equal(await new Response(encode('\ufeff{"a":1}')).json(), { a: 1 });
    await rejects("SyntaxError", new Response("{").json());
    equal([...await new Response("ab").bytes()], [97, 98]);
    equal((await new Response(encode("xaby").subarray(1, 3)).arrayBuffer()).byteLength, 2);
    const blob = await new Response("ab", { headers: { "content-type": "text/Plain; charset=x" } }).blob();
    equal([blob.size, blob.type], [2, "text/plain;charset=x"]);
    // White space goes where the standard says so, and nowhere else.
    for (const [given, type] of [
      ["text/plain ; charset=x ;b=c", "text/plain;charset=x;b=c"],
      ["text/ plain", ""], ["text /plain", ""], ["text/plain;charset =x", "text/plain"],
    ]) equal((await new Response("", { headers: { "content-type": given } }).blob()).type, type, given);
    const form = await new Response(new URLSearchParams("a=1&b=2&a=3")).formData();
    equal([...form].map(([name, value]) => name + value).join(), "a1,b2,a3");
    await rejects("TypeError", new Response("x").formData());
  },
  async "a form survives its wire format"() {
    const form = new FormData();
    form.append('quo"te', "line\nbreak");
    form.append("file", new Blob([encode("\0\xff")], { type: "application/x" }), "na\"me");
    const back = await new Response(form).formData();
    equal([...back.keys()], ['quo"te', "file"]);
    equal(back.get('quo"te'), "line\r\nbreak");
    const file = back.get("file");
    equal([file.name, file.type, file.size, [...await file.bytes()]], ['na"me', "application/x", 3, [0, 195, 191]]);
    const cut = new Response("--b\r\n", { headers: { "content-type": "multipart/form-data; boundary=b" } });
    await rejects("TypeError", cut.formData());
  },
  "headers are a sorted multimap"() {
    const headers = new Headers([["b", " 2 "], ["A", "1"], ["b", "3"], ["set-cookie", "x"], ["Set-Cookie", "y"]]);
    equal([...headers], [["a", "1"], ["b", "2, 3"], ["set-cookie", "x"], ["set-cookie", "y"]]);
    equal([headers.get("B"), headers.get("c"), headers.getSetCookie()], ["2, 3", null, ["x", "y"]]);
    headers.set("b", "4");
    headers.delete("a");
    headers.append("c", "");
    equal([...headers.keys()], ["b", "c", "set-cookie", "set-cookie"]);
    for (const bad of ["", "a b", "a\n", "é"]) throws("TypeError", () => headers.append(bad, "x"), bad);
    for (const bad of ["a\nb", "a\0b", "€"]) throws("TypeError", () => headers.append("x", bad), bad);
  },
  "requests and responses check what they are made of"() {
    throws("RangeError", () => new Response("", { status: 199 }));
    throws("TypeError", () => new Response("x", { status: 204 }));
    throws("TypeError", () => new Response("", { statusText: "a\nb" }));
    throws("TypeError", () => new Request("http://a/", { method: "GET", body: "x" }));
    throws("TypeError", () => new Request("http://a/", { method: "CONNECT" }));
    throws("RangeError", () => Response.redirect("http://a/", 200));
    equal(new Request("http://a/", { method: "post" }).method, "POST");
    equal(Response.redirect("http://a/b").headers.get("location"), "http://a/b");
  },
  async "data URLs are answered without the host"() {
    const answer = await fetch("data:text/x,a%20b#c");
    equal([await answer.text(), answer.headers.get("content-type")], ["a b", "text/x"]);
    equal(await (await fetch("data:;base64,YWI=")).text(), "ab");
    await rejects("TypeError", fetch("data:x"));
  },
  "fields of one name stay apart when headers are copied, and are one to whoever reads them"() {
    const headers = new Headers({ "x-many": "one" });
    headers.append("x-many", "two");
    const copies = [new Headers(headers), new Response(null, { headers }).headers, new Request("http://a/", { headers }).headers];
    for (const copy of copies) equal([...copy], [["x-many", "one, two"]]);
  },
  "a no-cors request has the headers that are safe, and no others"() {
    const init = { mode: "no-cors", headers: { accept: "a/b", authorization: "secret", range: "bytes=0-1" } };
    const { headers } = new Request("http://a/", init);
    equal([...headers], [["accept", "a/b"]]);
    headers.append("accept", "(");
    headers.append("accept", "x".repeat(128));
    headers.set("content-type", "application/json");
    headers.set("accept-language", "de, en;q=0.5");
    headers.append("x-own", "1");
    headers.delete("x-own");
    equal([...headers], [["accept", "a/b"], ["accept-language", "de, en;q=0.5"]]);
    const plain = new Request("http://a/", { headers: { "x-own": "1", "content-type": "text/plain" } });
    equal([...new Request(plain, { mode: "no-cors" }).headers], [["content-type", "text/plain"]]);
    const copy = new Request("http://a/", init).clone();
    copy.headers.set("x-own", "1");
    equal(copy.headers.has("x-own"), false);
    throws("TypeError", () => new Request("http://a/", { mode: "no-cors", method: "PUT" }));
    const streamed = { mode: "no-cors", method: "POST", body: streamOf(), duplex: "half" };
    throws("TypeError", () => new Request("http://a/", streamed));
    throws("TypeError", () => new Request("http://a/", { keepalive: true, method: "POST", body: streamOf(), duplex: "half" }));
  },
  async "an answer is given out if its body is what the request's integrity says"() {
    const bytes = await crypto.subtle.digest("SHA-256", encode("upstream text"));
    const right = btoa(String.fromCharCode(...new Uint8Array(bytes)));
    const wrong = btoa("x".repeat(32));
    const ask = async (integrity) => (await fetch(`${upstream}text`, { integrity })).text();
    const urlSafe = right.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    for (const integrity of ["", `sha256-${right}`, `SHA256-${urlSafe}?opt`, ` sha256-${wrong}\tsha256-${right}`, "md5-x", "x"]) {
      equal(await ask(integrity), "upstream text", integrity);
    }
    for (const integrity of [`sha256-${wrong}`, "sha256-", `sha256-${right} sha512-${wrong}`]) {
      await rejects("TypeError", ask(integrity), integrity);
    }
    await rejects("TypeError", fetch("data:,x", { integrity: `sha256-${right}` }));
    equal(await (await fetch("data:,upstream text", { integrity: `sha256-${right}` })).text(), "upstream text");
    const answer = fetch(`${upstream}endless`, { integrity: `sha256-${right}`, signal: AbortSignal.timeout(1) });
    await rejects("TimeoutError", answer);
  },
  async "nothing is cached that only-if-cached could mean"() {
    await rejects("TypeError", fetch(`${upstream}text`, { cache: "only-if-cached", mode: "same-origin" }));
  },
  async "an aborted body gives the reason to whoever reads it, at once and more than once"() {
    const controller = new AbortController();
    const answer = await fetch(`${upstream}endless`, { signal: controller.signal });
    controller.abort();
    const order = [];
    const read = answer.text().catch(({ name }) => order.push(name));
    await Promise.all([read, Promise.resolve().then(() => order.push("next"))]);
    equal(order, ["AbortError", "next"]);
    await rejects("AbortError", answer.text());
    equal(answer.bodyUsed, true);
  },
  async "a `then` on the guest's prototypes is asked of what fetch promises, and of nothing within"() {
    const met = [];
    const from = streamOf(encode("one "), encode("two"));
    Object.defineProperty(Object.prototype, "then", {
      configurable: true,
      get() { met[met.length] = Object.prototype.toString.call(this); },
    });
    let texts;
    try {
      const answer = await fetch(`${upstream}text`);
      texts = [await answer.text(), await new Response(from).text()];
    } finally {
      delete Object.prototype.then;
    }
    equal(texts, ["upstream text", "one two"]);
    equal(met, ["[object Response]"]);
  },
  async "what streaming compilation reads is not asked for a `then` of the guest's"() {
    const met = [];
    const type = { headers: { "content-type": "application/wasm" } };
    const plain = new Response(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), type);
    const streamed = new Response(streamOf(new Uint8Array([0, 97, 115, 109]), new Uint8Array([1, 0, 0, 0])), type);
    Object.defineProperty(Object.prototype, "then", {
      configurable: true,
      get() { met[met.length] = Object.prototype.toString.call(this); },
    });
    try {
      await WebAssembly.compileStreaming(plain);
      await WebAssembly.compileStreaming(streamed);
    } finally {
      delete Object.prototype.then;
    }
    equal(met.filter((name) => name !== "[object Response]" && name !== "[object WebAssembly.Module]"), []);
  },
};
