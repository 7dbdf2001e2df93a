// handlebars: templates with helpers and partials, compiled to code while the program starts. Without leave to make
// code from text it says so.
import Handlebars from 'handlebars/dist/cjs/handlebars.js';

const handlebars = Handlebars.create();
handlebars.registerHelper('loud', (text) => String(text).toUpperCase());
handlebars.registerHelper('list', (items, options) => `<ul>${items.map((item) => `<li>${options.fn(item)}</li>`).join('')}</ul>`);
handlebars.registerPartial('card', '<b>{{title}}</b>{{#if body}}: {{body}}{{else}} (empty){{/if}}');

const sources = {
  '/page': '<h1>{{loud title}}</h1>{{#each rows}}{{@index}}/{{@last}} {{this.name}} {{../title}} {{> card title=this.name}}\n{{else}}none{{/each}}{{{raw}}} {{raw}}',
  '/list': '{{#list items}}{{this}}{{/list}}{{#with person as |p|}}{{p.name}}{{/with}}{{#unless no}}yes{{/unless}}{{lookup map "k"}}',
  '/strict': '{{missing.value}}',
};

let templates;
let refused;
try {
  templates = Object.fromEntries(
    Object.entries(sources).map(([path, source]) => [path, handlebars.compile(source, { strict: path === '/strict' })]),
  );
  // A template is compiled when it is first rendered.
  templates['/page']({ title: '', rows: [] });
  templates['/list']({ items: [], map: {} });
  handlebars.compile('{{> card}}')({});
  try {
    templates['/strict']({ missing: {} });
  } catch (error) {
    if (error.name === 'EvalError') throw error;
  }
} catch (error) {
  refused = `${error.name}: ${error.message}`;
}

export default {
  async fetch(request) {
    if (refused !== undefined) {
      return new Response(refused, { status: 501 });
    }
    try {
      const text = templates[new URL(request.url).pathname](await request.json());
      return new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } });
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 500 });
    }
  },
};
