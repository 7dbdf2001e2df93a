// lodash.template: templates compiled to code while the program starts. Without leave to make code from text it says so.
import template from 'lodash.template';

const sources = {
  '/plain': 'Hello <%= name %> and <%- name %>! ${ name }',
  '/loop': '<ul><% for (const row of rows) { %><li><%- row %></li><% } %></ul>',
  '/imports': '<%= join(rows) %>',
};

let templates;
let refused;
try {
  templates = Object.fromEntries(
    Object.entries(sources).map(([path, source]) => [path, template(source, { imports: { join: (rows) => rows.join('+') } })]),
  );
} catch (error) {
  refused = `${error.name}: ${error.message}`;
}

export default {
  async fetch(request) {
    if (refused !== undefined) {
      return new Response(refused, { status: 501 });
    }
    const compiled = templates[new URL(request.url).pathname];
    try {
      return new Response(`${compiled(await request.json())}\n${compiled.source.length}`);
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 500 });
    }
  },
};
