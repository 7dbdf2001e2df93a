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
  "of two patterns one is the more specific"() {
    const compare = (left, right, component = "pathname") =>
      URLPattern.compareComponent(component, new URLPattern({ [component]: left }), new URLPattern({ [component]: right }));
    const rising = ["*", "/*", "/:a", "/(b)", "/{a}?", "/{a}+", "/a/*", "/a/:b", "/a/b"];
    for (let i = 0; i + 1 < rising.length; i++) {
      equal([compare(rising[i], rising[i + 1]), compare(rising[i + 1], rising[i]), compare(rising[i], rising[i])],
        [-1, 1, 0], `${rising[i]} and ${rising[i + 1]}`);
    }
    equal([compare("/:a", "/:b"), compare("9", "100", "port")], [0, 1], "names do not count");
    throws("TypeError", () => compare("a", "b", "path"));
    throws("TypeError", () => URLPattern.compareComponent("hash", new URLPattern(), {}));
    throws("TypeError", () => URLPattern.compareComponent("hash", new URLPattern()));
  },
  "a component can be made of a pattern and values"() {
    const generate = (init, component, groups) => new URLPattern(init).generate(component, groups);
    equal(generate({ pathname: "/:a/x-:b" }, "pathname", { a: "1", b: "\u{1f345}", c: "?" }), "/1/x-%F0%9F%8D%85");
    equal(generate({ hostname: "{:sub}.h.test" }, "hostname", { sub: "\u{1f345}" }), "xn--fi8h.h.test");
    equal(generate("https://h.test/:a", "pathname", { a: " " }), "/%20");
    equal(generate("other://h.test/:a", "pathname", { a: " " }), "/ ");
    equal(generate({ pathname: "/:__proto__" }, "pathname", { ["__proto__"]: "x" }), "/x");
    const refused = [
      [{ pathname: "/:a" }, "pathname", {}], [{ pathname: "/:a" }, "pathname", { a: "b/c" }],
      [{ pathname: "/:a" }, "pathname", { a: "" }], [{ pathname: "/*" }, "pathname", { 0: "a" }],
      [{ pathname: "/(a)" }, "pathname", { 0: "a" }], [{ pathname: "{/a}?" }, "pathname", {}],
      [{ pathname: "/a" }, "path", {}], [{ pathname: "/a" }, "pathname"], [{ pathname: "/:toString" }, "pathname", {}],
    ];
    for (const [init, component, groups] of refused) throws("TypeError", () => generate(init, component, groups), component);
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
