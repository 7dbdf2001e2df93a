// Checks that what a guest puts on the prototypes of the language neither breaks the platform nor sees what it does:
// setters for indices and for names of options, methods that throw, a proxy behind Array.prototype. Each action runs
// once before and once after, and must give the same.
//
// The actions use the platform and nothing else of the language that could have been replaced.

const upstream = "http://upstream.test/";

// An iterable of two items that does without the patched iterators.
const iterable = (first, second) => ({
  __proto__: null,
  [symbolIterator]() {
    let at = 0;
    return {
      __proto__: null,
      next() {
        at += 1;
        return { __proto__: null, done: at > 2, value: at === 1 ? first : second };
      },
    };
  },
});
const pair = (name, value) => iterable(name, value);

const actions = {
  headers() {
    const headers = new Headers({ __proto__: null, b: "2", a: "1" });
    headers.append("b", "3");
    headers.append("set-cookie", "x");
    headers.append("set-cookie", "y");
    headers.set("c", "4");
    headers.delete("a");
    let text = "";
    headers.forEach((value, name) => { text += `${name}=${value};`; });
    const copy = new Headers(iterable(pair("x", "1"), pair("y", "2")));
    return text + headers.get("b") + headers.getSetCookie().length + copy.get("y") + copy.has("z");
  },
  params() {
    const params = new URLSearchParams("a=1&b=2&a=3");
    params.append("c", "4");
    params.set("b", "5");
    params.delete("a", "1");
    params.sort();
    const more = new URLSearchParams(iterable(pair("x", "1"), pair("y", "2")));
    const record = new URLSearchParams({ __proto__: null, k: "v", l: "w" });
    const entries = params.entries();
    return `${params} ${more} ${record} ${params.getAll("a").length} ${params.has("c")} ${entries.next().value[1]}`;
  },
  url() {
    const url = new URL("/a?b=c#d", "http://user@host:81/");
    url.searchParams.append("e", "f");
    url.pathname = "/g";
    return url.href + url.host + url.username + url.origin + URL.canParse("x");
  },
  events() {
    const target = new EventTarget();
    let text = "";
    const first = (event) => { text += event.type; };
    target.addEventListener("x", first, { __proto__: null, once: true });
    target.addEventListener("x", () => { text += "second"; });
    target.addEventListener("x", { __proto__: null, handleEvent() { text += "third"; } });
    target.dispatchEvent(new Event("x"));
    target.dispatchEvent(new CustomEvent("x", { __proto__: null, detail: 1, cancelable: true }));
    return text;
  },
  aborts() {
    const controller = new AbortController();
    let text = "";
    const any = AbortSignal.any(iterable(controller.signal, new AbortController().signal));
    any.addEventListener("abort", () => { text += "any"; });
    controller.signal.onabort = () => { text += "one"; };
    controller.abort();
    return text + any.aborted + any.reason.name;
  },
  forms() {
    const form = new FormData();
    form.append("a", "1");
    form.append("a", "2");
    form.set("b", new Blob(iterable("x", "y"), { __proto__: null, type: "t/t" }), "name");
    form.append("c", "3");
    form.delete("c");
    let text = "";
    form.forEach((value, name) => { text += name; });
    return text + form.getAll("a").length + form.get("b").size + form.get("b").type + form.get("b").name;
  },
  clones() {
    const copy = structuredClone({ a: 1, list: [1, { b: 2 }, "x"], map: new Map(), none: null });
    const sparse = structuredClone(new Array(5));
    const { data, ports } = new MessageEvent("message", { __proto__: null, data: 3 });
    return `${copy.a}${copy.list[1].b}${copy.list[2]}${copy.list.length}${sparse.length}${data}${ports.length}`;
  },
  performance() {
    performance.mark("a", { __proto__: null, startTime: 1 });
    performance.mark("b", { __proto__: null, startTime: 4 });
    const text = performance.measure("m", "a", "b").duration + performance.getEntriesByName("a")[0].name;
    performance.clearMarks();
    performance.clearMeasures();
    return text + performance.getEntries().length;
  },
  console() {
    console.log("%s %d %o", "a", 5, { __proto__: null, a: [1, "two", { b: null }], f() {} }, new Headers(), /x/g);
    console.table([{ a: 1, b: 2 }, { a: 3 }]);
    console.error(new failure("boom").message);
    console.group("g");
    console.count("n");
    console.groupEnd();
    return "logged";
  },
  encodings() {
    const bytes = new TextEncoder().encode("hé");
    const decoder = new TextDecoder("utf-8", { __proto__: null, fatal: true });
    const text = decoder.decode(bytes, { __proto__: null, stream: true }) + decoder.decode();
    const { written } = new TextEncoder().encodeInto("hé", new Uint8Array(5));
    return text + written + btoa("hi") + atob("aGk=");
  },
  async digests() {
    const digest = await crypto.subtle.digest("sha-256", new Uint8Array(2));
    return digest.byteLength + crypto.randomUUID().length + crypto.getRandomValues(new Uint8Array(3)).length;
  },
  async keys() {
    const { subtle } = crypto;
    const bytes = new Uint8Array(16);
    const iv = { __proto__: null, name: "AES-GCM", iv: bytes };
    const usages = (first, second) => iterable(first, second);
    const key = await subtle.importKey("raw", bytes, "AES-GCM", true, usages("encrypt", "wrapKey"));
    const jwk = setPrototypeOf(await subtle.exportKey("jwk", key), null);
    delete jwk.key_ops;
    const same = await subtle.importKey("jwk", jwk, "AES-GCM", false, usages("decrypt", "unwrapKey"));
    const opened = await subtle.decrypt(iv, same, await subtle.encrypt(iv, key, bytes));
    const mac = { __proto__: null, name: "HMAC", hash: "SHA-256", length: 256 };
    const wrapped = await subtle.wrapKey("jwk", await subtle.generateKey(mac, true, usages("sign", "verify")), key, iv);
    const unwrapped = await subtle.unwrapKey("jwk", wrapped, same, iv, mac, false, usages("sign", "verify"));
    const ec = { __proto__: null, name: "ECDH", namedCurve: "P-256" };
    const { privateKey, publicKey } = await subtle.generateKey(ec, false, usages("deriveKey", "deriveBits"));
    const derived = await subtle.deriveKey({ __proto__: null, name: "ECDH", public: publicKey }, privateKey, mac, false,
      usages("sign", "verify"));
    const password = await subtle.importKey("raw", bytes, "PBKDF2", false, usages("deriveKey", "deriveBits"));
    const slow = { __proto__: null, name: "PBKDF2", hash: "SHA-1", salt: bytes, iterations: 2000 };
    const late = await subtle.deriveKey(slow, password, mac, false, usages("sign", "verify"));
    const clone = structuredClone(unwrapped);
    return `${opened.byteLength} ${(await subtle.sign("HMAC", clone, bytes)).byteLength} ${derived.type} ` +
      `${late.algorithm.hash.name} ${clone.usages.length} ${jwk.alg}`;
  },
  async timers() {
    let text = "";
    await new Promise((resolve) => {
      setTimeout((a, b) => { text += a + b; resolve(); }, 1, "x", "y");
    });
    await new Promise((resolve) => queueMicrotask(resolve));
    return text;
  },
  async messages() {
    const { port1, port2 } = new MessageChannel();
    const got = new Promise((resolve) => { port2.onmessage = (event) => resolve(event.data); });
    port1.postMessage("message");
    const text = await got;
    port1.close();
    return text;
  },
  async sockets() {
    const ends = new WebSocketPair();
    const left = ends[0];
    const right = ends[1];
    left.accept();
    right.accept();
    right.addEventListener("message", (event) => right.send(`${event.data}!`));
    let text = "";
    await new Promise((resolve) => {
      left.onmessage = (event) => {
        text += event.data;
        left.close(3000, "over");
      };
      left.onclose = (event) => {
        text += event.code + event.reason;
        resolve();
      };
      left.send("message");
    });
    const refused = new WebSocket("ws://nowhere.test/", iterable("a", "b"));
    await new Promise((resolve) => {
      refused.onclose = (event) => {
        text += event.code;
        resolve();
      };
    });
    const stream = new WebSocketStream("ws://nowhere.test/", { __proto__: null, protocols: iterable("a", "b") });
    let reason;
    try {
      await stream.opened;
    } catch (error) {
      reason = error;
    }
    try {
      await stream.closed;
    } catch (error) {
      text += ` ${error === reason} ${reason instanceof WebSocketError} ${structuredClone(reason).closeCode}`;
    }
    return text;
  },
  async eventSources() {
    const source = new EventSource("data:text/event-stream,id:1%0Adata:x%0A%0A");
    const text = await new Promise((resolve) => {
      source.onmessage = (event) => resolve(event.data + event.lastEventId + event.origin);
    });
    source.close();
    return text;
  },
  async streams() {
    let count = 0;
    const source = {
      __proto__: null,
      pull(controller) {
        count += 1;
        if (count > 3) controller.close();
        else controller.enqueue(`${count}`);
      },
    };
    const upper = new TransformStream({
      __proto__: null,
      transform(chunk, controller) { controller.enqueue(`${chunk}!`); },
    });
    let text = "";
    const sink = { __proto__: null, write(chunk) { text += chunk; }, close() { text += "closed"; } };
    await new ReadableStream(source).pipeThrough(upper).pipeTo(new WritableStream(sink));
    const branches = new ReadableStream({ __proto__: null, start(controller) { controller.close(); } }).tee();
    const first = branches[0].getReader();
    return text + (await first.read()).done + branches[1].locked;
  },
  async bodies() {
    const bytes = new TextEncoder().encode("up");
    const stream = new ReadableStream({
      __proto__: null,
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    const options = { __proto__: null, method: "POST", body: stream, duplex: "half" };
    const answer = await fetch(`${upstream}echo`, options);
    const copy = answer.clone();
    const form = await new Response("a=1&b=2", {
      __proto__: null, headers: { __proto__: null, "content-type": "application/x-www-form-urlencoded" },
    }).formData();
    const multipart = new FormData();
    multipart.append("x", "y");
    const back = await new Response(multipart).formData();
    return await answer.text() + (await copy.bytes()).length + form.get("b") + back.get("x") +
      (await new Response('{"a":[1]}').json()).a[0];
  },
};

const checks = {};
for (const [how, pollute] of Object.entries(pollutions)) {
  for (const [name, action] of Object.entries(actions)) {
    checks[`${name}, with ${how}`] = async () => {
      const clean = await action();
      const undo = pollute();
      seen = "";
      let polluted;
      try {
        polluted = await action();
      } finally {
        for (let i = undo.length - 1; i >= 0; i--) undo[i]();
      }
      equal([seen, polluted], ["", clean]);
    };
  }
}
