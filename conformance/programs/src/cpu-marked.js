// CPU-bound: marked over a long text, whose parts are counted in the result.
import { parse } from 'marked';

import { checksum } from './parts/checksum.js';

const part = (index) => `## Part ${index}

A paragraph *number* **${index}** with \`code\`, a [link](/part/${index}) and ~~nothing~~ else, é and 🎉.

- one ${index}
- two
  - three

| a | b |
|---|---|
| ${index} | ${index * index} |

\`\`\`js
const part = ${index};
\`\`\`
`;
const count = (text, what) => text.split(what).length - 1;

export default {
  fetch(request) {
    const parts = Number(new URL(request.url).searchParams.get('parts') ?? 100);
    const text = Array.from({ length: parts }, (_, index) => part(index)).join('\n');
    const html = parse(text);
    const counts = { headings: count(html, '<h2>'), tables: count(html, '<table>'), links: count(html, '<a href='), codes: count(html, '<pre>') };
    const right = Object.values(counts).every((found) => found === parts);
    return Response.json({ parts, right, counts, length: html.length, checksum: checksum(html) }, { status: right ? 200 : 500 });
  },
};
