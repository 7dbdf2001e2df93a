// Checks of URLPattern against web-platform-tests' table, which the host gives. A row has the arguments of the
// constructor, those of exec(), and what is to come of them, where that is not what the arguments suggest.

const names = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

// Whichever of these an init has, its base lends nothing to the component.
const before = { hostname: 1, port: 2, pathname: 3, search: 4, hash: 5 };
const order = ["protocol", "hostname", "port", "pathname", "search"];

const baseOf = ([first, second]) => {
  if (first?.baseURL) return new URL(first.baseURL);
  return typeof second === "string" ? new URL(second) : undefined;
};

const lentBy = (base, name) => {
  if (name === "protocol") return base.protocol.slice(0, -1);
  return name === "search" || name === "hash" ? base[name].slice(1) : base[name];
};

const expectedPattern = (row, name) => {
  const said = row.expected_obj?.[name];
  if (said !== undefined) return said;
  if (row.exactly_empty_components?.includes(name)) return "";
  const [first] = row.pattern;
  if (typeof first === "object") {
    if (first[name]) return first[name];
    if (order.slice(0, before[name] ?? 0).some((earlier) => earlier in first)) return "*";
  }
  const base = baseOf(row.pattern);
  if (base !== undefined && name !== "username" && name !== "password") return lentBy(base, name);
  return "*";
};

const expectedResult = (row, name) => {
  const said = row.expected_match[name];
  if (said === undefined) return { groups: row.exactly_empty_components?.includes(name) ? {} : { 0: "" }, input: "" };
  // JSON has no undefined: null stands for it.
  const groups = Object.fromEntries(Object.entries(said.groups).map(([key, value]) => [key, value ?? undefined]));
  return { groups, input: said.input };
};

// JSON would leave undefined out.
const spelled = (result) => ({
  groups: Object.entries(result.groups).map(([key, value]) => `${key}=${value}`).sort(),
  input: result.input,
});

// Whatever the order of an object's members.
const sorted = (inputs) => inputs.map((input) => (typeof input === "string" ? input : Object.entries(input).sort()));

const check = (row) => {
  if (row.expected_obj === "error") {
    throws("TypeError", () => new URLPattern(...row.pattern));
    return;
  }
  const pattern = new URLPattern(...row.pattern);
  for (const name of names) equal(pattern[name], expectedPattern(row, name), name);
  const inputs = row.inputs ?? [];
  if (row.expected_match === "error") {
    throws("TypeError", () => pattern.test(...inputs));
    throws("TypeError", () => pattern.exec(...inputs));
    return;
  }
  equal(pattern.test(...inputs), !!row.expected_match, "test");
  const result = pattern.exec(...inputs);
  if (!row.expected_match) {
    equal(result, null, "exec");
    return;
  }
  equal(sorted(result.inputs), sorted(row.expected_match.inputs ?? inputs), "inputs");
  for (const name of names) equal(spelled(result[name]), spelled(expectedResult(row, name)), name);
};

const checks = {
  "patterns match what they should"() {
    const wrong = [];
    for (const row of JSON.parse(given.urlpatterntestdata)) {
      if (typeof row !== "object") continue;
      try {
        check(row);
      } catch (error) {
        wrong.push(`${JSON.stringify([row.pattern, row.inputs]).slice(0, 200)}: ${error.message}`);
      }
    }
    equal(wrong.length, 0, wrong.slice(0, 20).join("\n"));
  },
};
