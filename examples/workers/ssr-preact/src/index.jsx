// Server-side rendering with Preact: components become HTML inside the worker, once a request. It shows
// how an npm package gets into a worker (`../bundle.sh` installs and bundles it), and with `?rows=N` it
// is a CPU-bound page. It does not hydrate in the browser: no script is sent.
//
// Build it, then run one request:
//   examples/workers/bundle.sh ssr-preact
//   isolane run examples/workers/ssr-preact/dist/index.js --url 'http://localhost/?rows=2'
// It prints an HTML page with a table of two rows.

import { renderToString } from "preact-render-to-string";
import { Page } from "./page.jsx";

const MAX_ROWS = 1000;

export default {
  fetch(request) {
    const rows = Number(new URL(request.url).searchParams.get("rows") ?? 10);
    if (!Number.isInteger(rows) || rows < 0 || rows > MAX_ROWS) {
      return new Response(`rows must be between 0 and ${MAX_ROWS}\n`, { status: 400 });
    }
    const html = `<!doctype html>${renderToString(<Page rows={rows} />)}\n`;
    return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};
