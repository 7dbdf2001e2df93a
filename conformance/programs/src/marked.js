// marked: Markdown with tables, tasks, references and extensions; the text comes as the request's body.
import { Marked, lexer, parse, parseInline } from 'marked';

const shout = {
  name: 'shout',
  level: 'inline',
  start: (text) => text.indexOf('!!'),
  tokenizer(text) {
    const found = /^!!([^!]+)!!/.exec(text);
    return found === null ? undefined : { type: 'shout', raw: found[0], text: found[1] };
  },
  renderer: (token) => `<strong class="shout">${token.text.toUpperCase()}</strong>`,
};
const extended = new Marked({ gfm: true, breaks: true, extensions: [shout] });
extended.use({
  async: true,
  renderer: { heading({ tokens, depth }) { return `<h${depth} id="h">${this.parser.parseInline(tokens)}</h${depth}>\n`; } },
  walkTokens: async (token) => { if (token.type === 'link') { token.href = await Promise.resolve(`/out?to=${encodeURIComponent(token.href)}`); } },
});

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    switch (pathname) {
      case '/parse': return new Response(parse(text), { headers });
      case '/inline': return new Response(parseInline(text), { headers });
      case '/extended': return new Response(await extended.parse(text), { headers });
      case '/tokens': return Response.json(lexer(text));
      default: return new Response('no such page', { status: 404 });
    }
  },
};
