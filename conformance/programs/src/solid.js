// solid: rendering to text, awaited and streamed.
import { createComponent, generateHydrationScript, renderToStream, renderToString, renderToStringAsync } from 'solid-js/web';

import { gates } from './parts/gates.js';
import { Page } from './parts/page.solid.jsx';

const headers = { 'content-type': 'text/html; charset=utf-8' };

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const name = url.searchParams.get('name') ?? 'World';
    const page = (source) => () => createComponent(Page, { name, source });
    switch (url.pathname) {
      case '/string':
        return new Response(renderToString(page('at once')), { headers });
      case '/async':
        return new Response(await renderToStringAsync(page(Promise.resolve(`awaited ${name}`))), { headers });
      case '/stream': {
        const { promises, through } = gates(1);
        const writer = through.writable.getWriter();
        const encoder = new TextEncoder();
        renderToStream(page(promises[0].then(() => `streamed ${name}`)), { renderId: 's' }).pipe({
          write: (text) => writer.write(encoder.encode(text)),
          end: () => writer.close(),
        });
        return new Response(through.readable, { headers });
      }
      case '/script':
        return new Response(generateHydrationScript({ nonce: 'abc', eventNames: ['click'] }), { headers });
      default:
        return new Response('no such page', { status: 404 });
    }
  },
};
