// hono: routing, middleware, cookies, streams, server-sent events, JWT and errors.
import { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, getSignedCookie, setCookie, setSignedCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { csrf } from 'hono/csrf';
import { etag } from 'hono/etag';
import { html, raw } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { sign, verify } from 'hono/jwt';
import { prettyJSON } from 'hono/pretty-json';
import { secureHeaders } from 'hono/secure-headers';
import { stream, streamSSE, streamText } from 'hono/streaming';
import { trimTrailingSlash } from 'hono/trailing-slash';
import { validator } from 'hono/validator';

const SECRET = 'a secret of the test';
const app = new Hono();

app.use(trimTrailingSlash());
app.use('/api/*', cors({ origin: ['https://example.com'], allowMethods: ['GET', 'PUT'], maxAge: 600, credentials: true }));
app.use('/api/*', prettyJSON());
app.use('/safe/*', secureHeaders());
app.use('/form/*', csrf({ origin: 'https://example.com' }));
app.use('/etag/*', etag());
app.use('/basic/*', basicAuth({ username: 'ada', password: 'lovelace' }));
app.use('/bearer/*', bearerAuth({ token: 'sesame' }));

app.get('/', (c) => c.text('hono'));
app.get('/api/echo/:name/:rest{.+}', (c) =>
  c.json({ name: c.req.param('name'), rest: c.req.param('rest'), query: c.req.queries(), path: c.req.path, url: c.req.url }),
);
app.get('/api/number/:id{[0-9]+}', (c) => c.json({ id: Number(c.req.param('id')), type: typeof c.req.param('id') }));
app.get('/api/optional/:kind?', (c) => c.json({ kind: c.req.param('kind') ?? null }));
app.get('/wild/*/end', (c) => c.text(`wild ${c.req.path}`));
app.all('/method', (c) => c.text(c.req.method));
app.on(['PURGE', 'PATCH'], '/special', (c) => c.text(`special ${c.req.method}`));

const books = new Hono().basePath('/books');
books.get('/', (c) => c.json([{ id: 1, title: 'Émile' }]));
books.get('/:id', (c) => c.json({ id: c.req.param('id') }, 200, { 'x-book': c.req.param('id') }));
app.route('/library', books);

app.post(
  '/json',
  validator('json', (value, c) => (typeof value.name === 'string' ? value : c.json({ error: 'a name is missing' }, 422))),
  (c) => c.json({ hello: c.req.valid('json').name }, 201),
);
app.post('/form/parse', async (c) => {
  const body = await c.req.parseBody({ all: true });
  const seen = {};
  for (const [key, value] of Object.entries(body)) {
    seen[key] = value instanceof File ? { name: value.name, type: value.type, text: await value.text() } : value;
  }
  return c.json(seen);
});
app.post('/limited', bodyLimit({ maxSize: 16, onError: (c) => c.text('too large', 413) }), async (c) =>
  c.text(await c.req.text()),
);
app.put('/bytes', async (c) => c.body(new Uint8Array(await c.req.arrayBuffer()).reverse(), 200, { 'content-type': 'application/octet-stream' }));

app.get('/cookies', async (c) => {
  setCookie(c, 'plain', 'a b;c', { path: '/', httpOnly: true, sameSite: 'Lax' });
  await setSignedCookie(c, 'signed', 'value', SECRET, { maxAge: 60, secure: true });
  deleteCookie(c, 'old', { path: '/' });
  return c.json({ all: getCookie(c), signed: (await getSignedCookie(c, SECRET, 'signed')) ?? null });
});

app.get('/safe/page', (c) => {
  const names = ['Ada', '<script>'];
  return c.html(html`<!doctype html><ul>${names.map((name) => html`<li>${name}</li>`)}</ul>${raw('<hr>')}`);
});
app.get('/etag/page', (c) => c.text('a page with an ETag'));
app.get('/basic/page', (c) => c.text('in'));
app.get('/bearer/page', (c) => c.text('in'));

app.get('/stream', (c) =>
  stream(c, async (out) => {
    await out.write(new Uint8Array([0, 1, 2]));
    await out.pipe(new Response('piped').body);
    await out.write('text');
  }),
);
app.get('/lines', (c) =>
  streamText(c, async (out) => {
    for (let line = 0; line < 5; line += 1) {
      await out.writeln(`line ${line}`);
      await out.sleep(1);
    }
  }),
);
app.get('/sse', (c) =>
  streamSSE(c, async (out) => {
    for (let id = 0; id < 3; id += 1) {
      await out.writeSSE({ data: `first ${id}\nsecond`, event: 'tick', id: String(id), retry: 1000 });
    }
  }),
);

app.get('/jwt', async (c) => {
  const token = await sign({ sub: 'ada', admin: true }, SECRET);
  return c.json({ token, payload: await verify(token, SECRET, 'HS256') });
});
app.get('/jwt/bad', async (c) => {
  try {
    await verify(`${await sign({ sub: 'ada' }, SECRET)}x`, SECRET, 'HS256');
    return c.text('it was accepted');
  } catch (error) {
    return c.text(error.name, 401);
  }
});

app.get('/redirect', (c) => c.redirect('/library/books?from=redirect', 303));
app.get('/headers', (c) => {
  c.header('x-many', 'one');
  c.header('x-many', 'two', { append: true });
  c.header('content-type', 'text/plain; charset=iso-8859-1');
  return c.body('headers');
});
app.get('/empty', (c) => c.body(null, 204));
app.get('/throw', () => {
  throw new HTTPException(403, { message: 'no entry' });
});
app.get('/throw/plain', () => {
  throw new TypeError('plain');
});
app.get('/sub/request', async (c) => {
  const inner = await app.request('/library/books/7');
  return c.json({ status: inner.status, header: inner.headers.get('x-book'), body: await inner.json() });
});
app.notFound((c) => c.json({ missing: c.req.path }, 404));
app.onError((error, c) =>
  error instanceof HTTPException ? error.getResponse() : c.json({ name: error.name, message: error.message }, 500),
);

export default app;
