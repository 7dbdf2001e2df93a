// mustache: sections, partials, lambdas, delimiters and escaping; template and view come as JSON.
import Mustache from 'mustache';

const partials = { row: '<li>{{index}}: {{name}}{{#tags}} [{{.}}]{{/tags}}</li>\n', self: '{{name}}{{#child}}({{>self}}){{/child}}' };
const lambdas = {
  bold: () => (text, render) => `<b>${render(text)}</b>`,
  now: () => 'lambda',
};

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    try {
      const { template, view = {}, tags } = await request.json();
      if (pathname === '/tokens') {
        return Response.json(Mustache.parse(template, tags));
      }
      const text = Mustache.render(template, { ...view, ...lambdas }, partials, tags);
      return new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } });
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 400 });
    }
  },
};
