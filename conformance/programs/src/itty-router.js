// itty-router: its three routers, parameters, middleware, CORS and errors.
import { AutoRouter, IttyRouter, Router, StatusError, cors, error, html, json, png, status, text, withContent, withCookies, withParams } from 'itty-router';

const { preflight, corsify } = cors({ origin: 'https://example.com', allowMethods: 'GET,POST', exposeHeaders: 'x-a', maxAge: 60 });

const small = IttyRouter({ base: '/small' });
small.get('/:a/:b?', ({ params, query }) => json({ params, query })).all('*', () => text('small: nothing here', { status: 404 }));

const full = Router({ base: '/full', before: [preflight, withParams], catch: error, finally: [corsify] });
full
  .get('/files/:path+', ({ path }) => text(path))
  .get('/image.:kind(png|jpg)', ({ kind }) => png(new Uint8Array([137, 80, 78, 71]), { headers: { 'x-kind': kind } }))
  .get('/fail', () => error(418, { reason: 'teapot' }))
  .get('/*', ({ url }) => html(`<p>${url}</p>`));

const router = AutoRouter({ missing: () => error(404, 'nothing here') });
router
  .get('/', () => ({ router: 'itty' }))
  .get('/list', () => [1, 2, { three: true }])
  .get('/date/:year/:month', ({ year, month }) => ({ year: Number(year), month }))
  .post('/content', withContent, ({ content }) => ({ content, type: typeof content }))
  .get('/cookies', withCookies, ({ cookies }) => cookies)
  .get('/throw', () => {
    throw new StatusError(402, { message: 'pay first', price: 3 });
  })
  .get('/throw/plain', () => {
    throw new Error('a plain error');
  })
  .get('/status', () => status(202))
  .get('/proxied/*', (request) => ({ keys: Object.keys(request.query), method: request.method, header: request.headers.get('x-in') }))
  .all('/small/*', small.fetch)
  .all('/full/*', full.fetch);

export default router;
