// Checks of URLPattern beside web-platform-tests' table: the object, its overloads, and guests that mean no good.

const checks = {
  "the overloads are told apart as Web IDL says"() {
    equal(new URLPattern().pathname, "*");
    equal(new URLPattern("/a", "https://h.test").hostname, "h.test");
    equal(new URLPattern({ pathname: "/A" }, { ignoreCase: true }).test({ pathname: "/a" }), true);
    equal(new URLPattern({ pathname: "/A" }, undefined).test({ pathname: "/a" }), false);
    equal(new URLPattern("https://h.test/A", null).test("https://h.test/A"), true);
    equal(new URLPattern("/A", "https://h.test", { ignoreCase: true }).test("https://h.test/a"), true);
    throws("TypeError", () => new URLPattern("/a", undefined, {}), "undefined is a base URL where options follow");
    throws("TypeError", () => new URLPattern({}, "https://h.test"));
    throws("TypeError", () => new URLPattern("/a"));
    throws("TypeError", () => URLPattern("https://h.test"));
    equal(new URLPattern({ pathname: { toString: () => "/x" } }).pathname, "/x");
    equal(new URLPattern({ username: "\ud800" }).username, "%EF%BF%BD");
  },
  "a result has what was captured, and the input as it was understood"() {
    const pattern = new URLPattern("https://:sub.h.test/:id/*\\?a#b");
    const { inputs, pathname, hostname } = pattern.exec("/1/2/3?a#b", "https://www.h.test");
    equal(inputs, ["/1/2/3?a#b", "https://www.h.test"]);
    equal([pathname, hostname],
      [{ groups: { id: "1", 0: "2/3" }, input: "/1/2/3" }, { groups: { sub: "www" }, input: "www.h.test" }]);
    equal(new URLPattern({}).exec({ pathname: 1, other: 2 }).inputs, [{ pathname: "1" }]);
    const optional = new URLPattern({ pathname: "/a{/:b}?" }).exec({ pathname: "/a" }).pathname.groups;
    equal(["b" in optional, optional.b], [true, undefined]);
    const odd = new URLPattern({ pathname: "/:__proto__" }).exec({ pathname: "/x" }).pathname.groups;
    equal(Object.getOwnPropertyNames(odd), ["__proto__"]);
  },
  "regular expressions are the language's own, with the v flag"() {
    equal(new URLPattern({ pathname: "/([[a-z]--[aeiou]]+)" }).test({ pathname: "/xyz" }), true);
    equal(new URLPattern({ pathname: "/((?!no).*)" }).test({ pathname: "/nope" }), false);
    equal(new URLPattern({ pathname: "/(a)" }).hasRegExpGroups, true);
    equal(new URLPattern({ pathname: "/:a/*" }).hasRegExpGroups, false);
    throws("TypeError", () => new URLPattern({ pathname: "/([)" }));
    throws("TypeError", () => new URLPattern({ pathname: "/:a/:a" }));
  },
  "what cannot be a URL matches nothing"() {
    const pattern = new URLPattern({});
    equal([pattern.test("nonsense"), pattern.exec("nonsense"), pattern.test("/x", "nonsense")], [false, null, false]);
    equal(pattern.test({ port: "x" }), false);
    throws("TypeError", () => pattern.test({}, "https://h.test"));
  },
  "it is an interface like any other"() {
    equal(Object.prototype.toString.call(new URLPattern()), "[object URLPattern]");
    equal([URLPattern.length, URLPattern.prototype.test.length, URLPattern.prototype.exec.length], [0, 0, 0]);
    throws("TypeError", () => URLPattern.prototype.test.call({}, "https://h.test"));
    throws("TypeError", () => Object.getOwnPropertyDescriptor(URLPattern.prototype, "hash").get.call({}));
  },
  "what a guest puts on prototypes changes nothing"() {
    const saved = [RegExp.prototype.exec, Object.getOwnPropertyDescriptor(URL.prototype, "pathname")];
    RegExp.prototype.exec = () => { throw new Error("called"); };
    Object.defineProperty(URL.prototype, "pathname", { get() { throw new Error("called"); }, configurable: true });
    Object.defineProperty(Object.prototype, "pattern", { set() { throw new Error("called"); }, configurable: true });
    try {
      equal(new URLPattern("https://h.test/:a([0-9]+)").exec("https://h.test/12").pathname.groups, { a: "12" });
    } finally {
      RegExp.prototype.exec = saved[0];
      Object.defineProperty(URL.prototype, "pathname", saved[1]);
      delete Object.prototype.pattern;
    }
  },
};
