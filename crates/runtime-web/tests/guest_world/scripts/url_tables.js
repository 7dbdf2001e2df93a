// Checks of URL against web-platform-tests' tables, which the host gives. Strings among a table's rows are its comments.

const table = (name) => JSON.parse(given[name]);
const rows = (name) => table(name).filter((row) => typeof row === "object");

// All that is wrong, not the first alone.
const collect = (table, check) => {
  const wrong = [];
  for (const row of table) {
    try {
      check(row);
    } catch (error) {
      wrong.push(`${JSON.stringify(row).slice(0, 200)}: ${error.message}`);
    }
  }
  equal(wrong.length, 0, wrong.slice(0, 20).join("\n"));
};

const attributes = [
  "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash",
];

const parses = (row) => {
  const given = row.base === null || row.base === undefined ? [row.input] : [row.input, row.base];
  equal(URL.canParse(...given), !row.failure, "canParse");
  if (row.failure) {
    throws("TypeError", () => new URL(...given));
    equal(URL.parse(...given), null, "parse");
    return;
  }
  const url = new URL(...given);
  for (const attribute of attributes) {
    // Null stands for an origin that ada does not know.
    if (row[attribute] !== undefined && row[attribute] !== null) equal(url[attribute], row[attribute], attribute);
  }
  equal(URL.parse(...given).href, url.href, "parse");
  if (row.searchParams !== undefined) equal(url.searchParams.toString(), row.searchParams, "searchParams");
};

const becomesHost = (row) => {
  const text = `https://${row.input}/x`;
  if (row.output === null) {
    throws("TypeError", () => new URL(text));
    return;
  }
  const url = new URL(text);
  equal([url.host, url.pathname], [row.output, "/x"]);
};

const checks = {
  "texts become URLs"() { collect(rows("urltestdata"), parses); },
  "more texts become URLs"() { collect(rows("ada_extra_urltestdata"), parses); },
  "an attribute that is set changes what it should"() {
    const setters = table("setters_tests");
    for (const attribute of attributes) {
      collect(setters[attribute] ?? [], (row) => {
        const url = new URL(row.href);
        url[attribute] = row.new_value;
        for (const key of Object.keys(row.expected)) equal(url[key], row.expected[key], `${attribute}, ${key}`);
      });
    }
  },
  "hosts become ASCII"() { collect(rows("toascii"), becomesHost); },
  "internationalised hosts become ASCII"() {
    // An empty input makes the URL's path the host.
    collect(rows("IdnaTestV2").filter((row) => row.input !== ""), becomesHost);
  },
};
