// A worker of several files: static imports of its own modules, one in a subfolder, and one that is
// imported only when it is needed. Paths are relative and stay inside the worker's folder. It is not a
// way to use packages from npm: those are bundled first, as in `hono-api/`.
//
// Run one request:
//   isolane run examples/workers/multi-file/index.js --url 'http://localhost/?amount=1234.5'
// It prints:
//   EUR 1,234.50
//
// The module that is loaded on demand:
//   isolane run examples/workers/multi-file/index.js --url 'http://localhost/words?amount=21'
// It prints:
//   twenty-one euros

import { parseAmount } from "./parse.js";
import formatAmount, { CURRENCY } from "./lib/format.js";

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const amount = parseAmount(url.searchParams.get("amount"));
    if (amount === null) {
      return new Response("amount must be a number, zero or more\n", { status: 400 });
    }
    if (url.pathname === "/words") {
      const { inWords } = await import("./lib/words.js");
      return new Response(`${inWords(Math.trunc(amount))} euros\n`);
    }
    return new Response(`${CURRENCY} ${formatAmount(amount)}\n`);
  },
};
