// svelte: components compiled for the server, rendered to text.
import { render } from 'svelte/server';

import Page from './parts/Page.svelte';

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const name = url.searchParams.get('name') ?? '';
    const props = { name, later: Promise.resolve('later'), failing: url.pathname === '/error' };
    if (url.pathname === '/empty') {
      props.rows = [];
    }
    try {
      const { head, body } = render(Page, { props, idPrefix: 's' });
      return new Response(`<!doctype html><head>${head}</head><body>${body}</body>`, {
        headers: { 'content-type': 'text/html; charset=utf-8' },
      });
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 500 });
    }
  },
};
