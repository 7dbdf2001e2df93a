// Checks of what the natives do for a guest. Not a conformance suite: what each check pins is where our own native
// half could go wrong.

const bytes = (...values) => new Uint8Array(values);
const list = (view) => Array.from(view);
const clone = structuredClone;

const checks = {
  // --- Encoding ---
  "text is encoded as UTF-8, lone surrogates as replacement characters"() {
    const encoder = new TextEncoder();
    equal(list(encoder.encode("aé€\u{1f4a9}")), [97, 195, 169, 226, 130, 172, 240, 159, 146, 169]);
    equal(list(encoder.encode("\ud800x\udc00")), [239, 191, 189, 120, 239, 191, 189]);
    equal(list(encoder.encode("\ufeff")), [239, 187, 191]);
    equal(list(encoder.encode()), []);
  },
  "encodeInto never writes half a character"() {
    const encoder = new TextEncoder();
    const into = (text, size) => {
      const target = new Uint8Array(size + 2).subarray(1, 1 + size);
      const counts = encoder.encodeInto(text, target);
      return [counts.read, counts.written, ...target];
    };
    equal(into("a\u{1f4a9}b", 6), [4, 6, 97, 240, 159, 146, 169, 98]);
    equal(into("a\u{1f4a9}b", 4), [1, 1, 97, 0, 0, 0]);
    equal(into("é€", 4), [1, 2, 195, 169, 0, 0]);
    equal(into("\ud800", 3), [1, 3, 239, 191, 189]);
    equal(into("\ud800\ud800", 5), [1, 3, 239, 191, 189, 0, 0]);
    equal(into("abc", 0), [0, 0]);
    equal(encoder.encodeInto("é".repeat(1000), new Uint8Array(999)).read, 499);
  },
  "text is decoded, byte order marks included"() {
    const decode = (view, ...options) => new TextDecoder(...options).decode(view);
    equal(decode(bytes(239, 187, 191, 97)), "a");
    equal(decode(bytes(239, 187, 191, 97), "utf-8", { ignoreBOM: true }), "\ufeffa");
    equal(decode(bytes(239, 187, 191, 239, 187, 191, 97)), "\ufeffa");
    equal(decode(bytes(0xff, 0xfe, 0x3d, 0xd8, 0xa9, 0xdc), "utf-16"), "\u{1f4a9}");
    equal(decode(bytes(0x80, 0x41), "latin1"), "€A");
    equal(decode(bytes(240, 159, 146), "utf8"), "\ufffd");
    equal(decode(bytes(1, 2, 3).subarray(1, 2)), "\u0002");
    equal(decode(new DataView(bytes(65, 66, 67).buffer, 1)), "BC");
    equal(decode(undefined), "");
    throws("TypeError", () => decode(bytes(0xff), "utf-8", { fatal: true }));
    throws("RangeError", () => new TextDecoder("no-such-encoding"));
    equal(new TextDecoder(" UTF-16 ").encoding, "utf-16le");
  },
  "a streaming decoder keeps what is not whole"() {
    const decoder = new TextDecoder();
    const all = new TextEncoder().encode("\ufeffx€\u{1f4a9}y");
    let text = "";
    for (const byte of all) text += decoder.decode(bytes(byte), { stream: true });
    equal(text + decoder.decode(), "x€\u{1f4a9}y");
    // The next stream starts anew.
    equal(decoder.decode(bytes(239, 187, 191, 97)), "a");
    const fatal = new TextDecoder("utf-8", { fatal: true });
    equal(fatal.decode(bytes(226, 130), { stream: true }), "");
    throws("TypeError", () => fatal.decode());
    equal(fatal.decode(bytes(97)), "a");
  },
  "a large text survives the way to bytes and back"() {
    const text = "añ€\u{1f4a9}".repeat(100_000);
    equal(new TextDecoder().decode(new TextEncoder().encode(text)) === text, true);
    const cut = new TextEncoder().encode(`\ufeff${"x€".repeat(600_000)}`);
    const broken = new Uint8Array([...cut.subarray(0, 100), 0xff, ...cut.subarray(100), 0xe2]);
    const whole = new TextDecoder().decode(broken);
    equal([whole.length, whole.replaceAll("\ufffd", "") === "x€".repeat(600_000)], [1_200_002, true]);
    throws("TypeError", () => new TextDecoder("utf-8", { fatal: true }).decode(broken));
    equal(new TextDecoder("utf-16le").decode(new Uint8Array(3_000_001)).length, 1_500_001);
    const ascii = "0123456789".repeat(100_000);
    equal(new TextDecoder().decode(new TextEncoder().encode(ascii)) === ascii, true);
  },
  "base64 goes both ways"() {
    equal(btoa("\x00\xff\x80abc"), "AP+AYWJj");
    equal(atob(" AP+A YWJj\n"), "\x00\xff\x80abc");
    // A string that V8 keeps in two bytes a unit, although one would do.
    equal(btoa("€éa".slice(1)), "6WE=");
    equal(atob("€YQ==".slice(1)), "a");
    throws("InvalidCharacterError", () => btoa("€"));
    throws("InvalidCharacterError", () => atob("a"));
    throws("InvalidCharacterError", () => atob("YQ=€"));
    equal(atob(btoa("x".repeat(1_000_001))).length, 1_000_001);
  },
  "forms are read and written"() {
    const params = new URLSearchParams("?a=1+2&b=%F0%9F%92%A9&&c&=d&a=%zz%ff&e=%EF%BB%BFx");
    equal([...params], [["a", "1 2"], ["b", "\u{1f4a9}"], ["c", ""], ["", "d"], ["a", "%zz\ufffd"], ["e", "\ufeffx"]]);
    equal(params.toString(), "a=1+2&b=%F0%9F%92%A9&c=&=d&a=%25zz%EF%BF%BD&e=%EF%BB%BFx");
    equal(new URLSearchParams("a=b&".repeat(50_000)).size, 50_000);
    equal(new URLSearchParams(`${"a&".repeat(70_000)}x=${"y".repeat(100_000)}`).get("x").length, 100_000);
    const params2 = new URLSearchParams();
    const long = "z".repeat(1 << 23);
    for (let i = 0; i < 9; i++) params2.append("n", long);
    throws("RangeError", () => params2.toString());
  },

  // --- URL ---
  "a URL shows its components"() {
    const url = new URL("HTTPS://us%20er:pa:ss@EXÄMPLE.com:8443/a/../b c?d=é#f g");
    equal(url.href, "https://us%20er:pa%3Ass@xn--exmple-cua.com:8443/b%20c?d=%C3%A9#f%20g");
    equal(
      [url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port, url.pathname,
        url.search, url.hash],
      ["https://xn--exmple-cua.com:8443", "https:", "us%20er", "pa%3Ass", "xn--exmple-cua.com:8443",
        "xn--exmple-cua.com", "8443", "/b%20c", "?d=%C3%A9", "#f%20g"],
    );
    const plain = new URL("x:y z");
    equal([plain.host, plain.pathname, plain.search, plain.hash, plain.origin], ["", "y z", "", "", "null"]);
    equal(new URL("//b/c", "ftp://a/").href, "ftp://b/c");
    equal(new URL("file:///C|/x").href, "file:///C:/x");
    equal(new URL("http://[::1]:80/").host, "[::1]");
    equal(new URL("foo:/.//p").pathname, "//p");
    equal(new URL("http://u@h").username, "u");
    equal(new URL("http://:p@h").password, "p");
    throws("TypeError", () => new URL("/x"));
    throws("TypeError", () => new URL("http://a b/"));
    equal([URL.canParse("x:"), URL.canParse("x"), URL.canParse("x", "http://h")], [true, false, true]);
    equal(URL.parse("::"), null);
  },
  "a URL's setters follow the specification"() {
    const url = new URL("http://h/p");
    url.protocol = "https";
    url.username = "ü";
    url.host = "x:81";
    url.port = "82abc";
    url.pathname = "?";
    url.search = "a b";
    url.hash = "#";
    equal(url.href, "https://%C3%BC@x:82/%3F?a%20b#");
    url.hash = "";
    url.port = "";
    url.hostname = "[bad";
    url.protocol = "mailto";
    url.search = "";
    equal(url.href, "https://%C3%BC@x/%3F");
    url.searchParams.append("k", "v w");
    equal(url.search, "?k=v+w");
    url.search = "?z=1";
    equal(url.searchParams.get("z"), "1");
    throws("TypeError", () => { url.href = "nope"; });
  },

  // --- Crypto ---
  async "digests are right, whatever the view"() {
    const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");
    const abc = bytes(0, 97, 98, 99, 0);
    equal(hex(await crypto.subtle.digest("sha-1", abc.subarray(1, 4))), "a9993e364706816aba3e25717850c26c9cd0d89d");
    equal(hex(await crypto.subtle.digest({ name: "SHA-256" }, new DataView(abc.buffer, 1, 3))),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const million = new Uint8Array(1_000_000).fill(97);
    equal(hex(await crypto.subtle.digest("SHA-256", million.buffer)),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    const digest = await crypto.subtle.digest("MD5", new ArrayBuffer(0));
    equal(digest instanceof ArrayBuffer, true);
    equal(hex(digest), "d41d8cd98f00b204e9800998ecf8427e");
    equal(await crypto.subtle.digest("nope", abc).catch((error) => error.name), "NotSupportedError");
  },
  "random values fill the view and nothing else"() {
    const all = new Uint8Array(64);
    equal(crypto.getRandomValues(new Uint32Array(all.buffer, 16, 8)).length, 8);
    equal(list(all.subarray(0, 16)).concat(list(all.subarray(48))), new Array(32).fill(0));
    equal(all.subarray(16, 48).some((byte) => byte !== 0), true);
    equal(crypto.getRandomValues(new Uint8Array(65536)).some((byte) => byte !== 0), true);
    const id = crypto.randomUUID();
    equal(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), true, id);
    equal(id === crypto.randomUUID(), false);
  },

  // --- structuredClone ---
  "values of every kind are cloned"() {
    for (const value of [undefined, null, true, 1.5, "x", "\ud800"]) equal(clone(value), value);
    equal(Object.is(clone(-0), -0), true);
    equal(clone(10n) === 10n, true);
    equal(clone(new Date(5)).getTime(), 5);
    equal(Number.isNaN(clone(new Date(NaN)).getTime()), true);
    const regExp = /a\/b/giu;
    regExp.lastIndex = 3;
    const copy = clone(regExp);
    equal([copy.source, copy.flags, copy.lastIndex], ["a\\/b", "giu", 0]);
    for (const boxed of [new Boolean(false), new Number(-1), new String("s"), Object(5n)]) {
      const other = clone(boxed);
      equal(typeof other, "object");
      equal(other === boxed, false);
      equal(Object.getPrototypeOf(other) === Object.getPrototypeOf(boxed), true);
      equal(other.valueOf() === boxed.valueOf(), true);
    }
    equal([...clone(new Map([[{ a: 1 }, [2]], ["k", new Set([3])]]))].map(([k, v]) => [k, [...v]]), [[{ a: 1 }, [2]], ["k", [3]]]);
    equal(clone({ a: [1, { b: [] }], c: undefined, [Symbol("no")]: 1, get d() { return 4; } }), { a: [1, { b: [] }], c: undefined, d: 4 });
  },
  "arrays keep their holes, lengths and names"() {
    const sparse = [];
    sparse[3] = 1;
    sparse.length = 10;
    const copy = clone(sparse);
    equal([copy.length, Object.keys(copy)], [10, ["3"]]);
    const huge = [];
    huge[4_000_000_000] = "far";
    equal([clone(huge).length, clone(huge)[4_000_000_000]], [4_000_000_001, "far"]);
    const named = Object.assign([1, 2], { name: "n" });
    equal(Object.entries(clone(named)), [["0", 1], ["1", 2], ["name", "n"]]);
    equal(clone(Array.from({ length: 100_000 }, (_, i) => i))[99_999], 99_999);
    class MyArray extends Array {}
    equal(Object.getPrototypeOf(clone(MyArray.of(1))) === Array.prototype, true);
  },
  "identity and cycles survive"() {
    const shared = {};
    const cycle = { a: shared, b: [shared], m: new Map() };
    cycle.self = cycle;
    cycle.m.set(cycle, cycle.m);
    const copy = clone(cycle);
    equal(copy !== cycle && copy.self === copy && copy.a === copy.b[0] && copy.a !== shared, true);
    equal(copy.m.get(copy) === copy.m, true);
  },
  "instances become plain objects, and private state stays behind"() {
    class Point { #hidden = 1; x = 2; get hidden() { return this.#hidden; } }
    const copy = clone(new Point());
    equal([Object.getPrototypeOf(copy) === Object.prototype, copy, "hidden" in copy], [true, { x: 2 }, false]);
    equal(clone(Object.create(null, { x: { value: 1, enumerable: true } })), { x: 1 });
    equal(clone(Object.create({ inherited: 1 })), {});
    const odd = JSON.parse('{"__proto__": {"x": 1}}');
    equal(Object.keys(clone(odd)), ["__proto__"]);
    equal(clone(odd).x, undefined);
  },
  "errors keep what makes them errors"() {
    const error = new RangeError("too far", { cause: [1] });
    const copy = clone(error);
    equal([copy instanceof RangeError, copy.message, copy.stack === error.stack, copy.cause], [true, "too far", true, [1]]);
    equal(Object.keys(copy), []);
    class Custom extends TypeError { name = "Custom"; }
    equal(Object.getPrototypeOf(clone(new Custom("x"))) === Error.prototype, true);
    equal("message" in Object.getOwnPropertyDescriptors(clone(new Error())), false);
    const dom = clone({ deep: new DOMException("m", "AbortError") }).deep;
    equal([dom instanceof DOMException, dom.name, dom.message, dom.code], [true, "AbortError", "m", 20]);
  },
  "what cannot be cloned is a DataCloneError"() {
    const cases = [
      () => {}, class {}, Symbol("s"), Object(Symbol("s")), new WeakMap(), new WeakSet(), new WeakRef({}),
      Promise.resolve(), new Proxy({}, {}), new Proxy([], {}), (function* () {})(), (async function* () {})(),
      new Map().values(), [].values(), new Intl.NumberFormat(), (function () { return arguments; })(1),
      new FinalizationRegistry(() => {}), new WebAssembly.Memory({ initial: 1 }),
      new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }), Iterator.from([]), new URL("x:"),
      new TextDecoder(), new Event("x"), new AbortController().signal, new ReadableStream(), crypto, globalThis.Math.abs,
      new URLSearchParams(),
    ];
    for (const value of cases) {
      const what = Object.prototype.toString.call(value);
      throws("DataCloneError", () => clone(value), what);
      throws("DataCloneError", () => clone({ deep: [value] }), what);
    }
    equal(throws("DataCloneError", () => clone(Promise.resolve())) instanceof DOMException, true);
    equal(throws("DataCloneError", () => clone(Promise.resolve())).message, "#<Promise> could not be cloned.");
  },
  "buffers and views are copied together"() {
    const buffer = bytes(1, 2, 3, 4, 5, 6, 7, 8).buffer;
    const views = { a: new Uint8Array(buffer, 1, 3), b: new DataView(buffer, 4), c: new Float32Array(2), buffer };
    const copy = clone(views);
    equal([list(copy.a), copy.b.getUint8(0), copy.b.byteLength, copy.c.length], [[2, 3, 4], 5, 4, 2]);
    equal(copy.a.buffer === copy.buffer && copy.b.buffer === copy.buffer && copy.buffer !== buffer, true);
    copy.a[0] = 99;
    equal(new Uint8Array(buffer)[1], 2);
    for (const Type of [Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array,
      Float64Array, BigInt64Array, BigUint64Array]) {
      equal(clone(new Type(3)) instanceof Type, true, Type.name);
    }
  },
  "resizable buffers stay resizable, and views on them keep to their ways"() {
    const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
    const copy = clone([buffer, new Uint8Array(buffer), new Uint8Array(buffer, 2, 4), new DataView(buffer, 1)]);
    equal([copy[0].resizable, copy[0].maxByteLength], [true, 16]);
    copy[0].resize(12);
    equal([copy[1].length, copy[2].length, copy[3].byteLength], [12, 4, 11]);
    equal(clone(new Float16Array(buffer, 2, 2)).byteOffset, 2);
    const outside = [new Uint8Array(buffer, 4, 4), new DataView(buffer, 4, 4)];
    buffer.resize(4);
    for (const view of outside) throws("DataCloneError", () => clone(view));
    const shared = new SharedArrayBuffer(4, { maxByteLength: 8 });
    const sharedCopy = clone({ shared, view: new Uint8Array(shared) });
    new Uint8Array(shared)[0] = 7;
    equal([sharedCopy.view[0], sharedCopy.shared !== shared, sharedCopy.shared.growable], [7, true, true]);
    shared.grow(8);
    equal(sharedCopy.view.length, 8);
  },
  "transferred buffers move"() {
    const buffer = bytes(1, 2, 3).buffer;
    const view = new Uint8Array(buffer, 1);
    const copy = clone({ view, buffer }, { transfer: [buffer] });
    equal([buffer.detached, view.length, list(copy.view), copy.view.buffer === copy.buffer], [true, 0, [2, 3], true]);
    const resizable = new ArrayBuffer(2, { maxByteLength: 4 });
    const moved = clone(new Uint8Array(resizable), { transfer: [resizable] });
    equal(moved.buffer.maxByteLength, 4);
    throws("DataCloneError", () => clone(buffer));
    throws("DataCloneError", () => clone(view));
    throws("DataCloneError", () => clone(1, { transfer: [buffer] }));
    const other = new ArrayBuffer(1);
    throws("DataCloneError", () => clone(1, { transfer: [other, other] }));
    throws("DataCloneError", () => clone(1, { transfer: [new SharedArrayBuffer(1)] }));
    throws("DataCloneError", () => clone(1, { transfer: [{}] }));
    throws("DataCloneError", () => clone(Symbol(), { transfer: [other] }));
    equal(other.detached, false);
    throws("TypeError", () => clone(1, { transfer: [new WebAssembly.Memory({ initial: 1 }).buffer] }));
  },
  "WebAssembly modules are shared"() {
    const module = new WebAssembly.Module(bytes(0, 97, 115, 109, 1, 0, 0, 0));
    const copy = clone({ module }).module;
    equal([copy instanceof WebAssembly.Module, copy !== module], [true, true]);
    equal(new WebAssembly.Instance(copy) instanceof WebAssembly.Instance, true);
  },
  "a getter that changes things cannot break the clone"() {
    const evil = { get a() { delete this.b; this.c = 1; return 0; }, b: 2 };
    equal(clone(evil), { a: 0 });
    const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
    const shrinking = { view: new Uint8Array(buffer), get then() { buffer.resize(0); return 1; } };
    equal([clone(shrinking).view.length, buffer.byteLength], [8, 0]);
    const array = [0, 1, 2];
    Object.defineProperty(array, 0, { get() { array.length = 1; return "x"; }, enumerable: true, configurable: true });
    equal([clone(array).length, clone([1]).length], [3, 1]);
    const map = new Map([[1, { get x() { map.clear(); return 1; } }], [2, 2]]);
    equal(clone(map).size, 2);
    let error = new Error("mine");
    try { clone({ get x() { throw error; } }); } catch (thrown) { equal(thrown === error, true); }
  },
  "one long string in many places costs one string"() {
    const long = "x".repeat(1 << 24);
    const copy = clone(new Array(1000).fill(long));
    equal([copy.length, copy[999].length], [1000, 1 << 24]);
  },
  "patched prototypes neither see nor break a clone"() {
    let seen = "";
    const spy = (target, key) => {
      const before = Object.getOwnPropertyDescriptor(target, key);
      if (before !== undefined) Object.setPrototypeOf(before, null);
      Object.defineProperty(target, key, {
        __proto__: null,
        configurable: true,
        get() { seen += ` ${String(key)}`; return before?.value; },
        set() { seen += ` ${String(key)}`; },
      });
      return () => (before === undefined ? delete target[key] : Object.defineProperty(target, key, before));
    };
    const value = { a: [1, { b: 2 }], m: new Map([[1, 2]]), s: new Set([3]), e: new Error("x"), v: bytes(1), r: /x/g };
    const undo = [
      spy(Array.prototype, 0), spy(Array.prototype, 1), spy(Object.prototype, "a"), spy(Object.prototype, "kind"),
      spy(Object.prototype, "copy"), spy(Array.prototype, "push"), spy(Map.prototype, "set"), spy(Map.prototype, "get"),
      spy(Set.prototype, "add"), spy(Object.prototype, "transfer"), spy(Object.prototype, "value"),
      spy(Array.prototype, Symbol.iterator), spy(ArrayBuffer, Symbol.species), spy(ArrayBuffer.prototype, "constructor"),
    ];
    let copy;
    try {
      copy = clone(value);
    } finally {
      for (let i = undo.length - 1; i >= 0; i--) undo[i]();
    }
    equal(seen, "");
    equal([copy.a, [...copy.m], [...copy.s], copy.e.message, list(copy.v), String(copy.r)],
      [[1, { b: 2 }], [[1, 2]], [3], "x", [1], "/x/g"]);
  },
};
