// react-dom/server.edge: streaming with Suspense, context, hooks, escaping and errors.
import { Suspense, createContext, memo, use, useContext, useId, useMemo, useReducer, useState } from 'react';
import { renderToReadableStream, renderToStaticMarkup, renderToString } from 'react-dom/server.edge';
import { prerender } from 'react-dom/static.edge';

import { gates } from './parts/gates.js';

const Language = createContext('en');

function Greeting({ name }) {
  const language = useContext(Language);
  const text = useMemo(() => (language === 'fr' ? 'Bonjour' : 'Hello'), [language]);
  return <p lang={language}>{text}, {name}!</p>;
}
function Counter({ start }) {
  const [count] = useState(() => start + 1);
  const [sum] = useReducer((total, step) => total + step, count, (first) => first * 2);
  const id = useId();
  return (
    <label htmlFor={id}>
      {count} and {sum} <input id={id} defaultValue="a &quot;b&quot;" disabled readOnly={false} />
    </label>
  );
}
const Item = memo(({ value }) => <li data-value={value} style={{ marginTop: 4, WebkitLineClamp: 2, '--x': '1px' }}>{value}</li>);

function Page({ name, children }) {
  return (
    <html lang="en">
      <head>
        <title>{`Page of ${name}`}</title>
        <meta name="description" content={'<&">'} />
        <link rel="stylesheet" href="/style.css" precedence="default" />
      </head>
      <body className="page">
        <Language value="fr">
          <Greeting name={name} />
        </Language>
        <Counter start={4} />
        <ul>{['a', '<b>', 3, null, true, '& more'].map((value, index) => <Item key={index} value={value} />)}</ul>
        <div dangerouslySetInnerHTML={{ __html: '<hr>' }} />
        {children}
      </body>
    </html>
  );
}
function Late({ what }) {
  return <section>{use(what)}</section>;
}
function Failing() {
  throw new Error('a component failed');
}

const page = (name) => <Page name={name}><Suspense fallback={<i>never seen</i>}><p>ready</p></Suspense></Page>;
const headers = { 'content-type': 'text/html; charset=utf-8' };
const name = (url) => url.searchParams.get('name') ?? 'World';

const routes = {
  '/string': (url) => new Response(renderToString(page(name(url))), { headers }),
  '/static': (url) => new Response(renderToStaticMarkup(<Greeting name={name(url)} />), { headers }),
  '/all': async (url) => {
    const stream = await renderToReadableStream(page(name(url)), { bootstrapScripts: ['/main.js'], nonce: 'abc', identifierPrefix: 'x-' });
    await stream.allReady;
    return new Response(stream, { headers });
  },
  // The second part is there only after the first chunk was sent, the third after the second.
  '/suspense': async (url) => {
    const { promises, through } = gates(2);
    const [first, second] = promises.map((gate, index) => gate.then(() => `part ${index + 1} of ${name(url)}`));
    const stream = await renderToReadableStream(
      <Page name={name(url)}>
        <Suspense fallback={<i>first…</i>}>
          <Late what={first} />
          <Suspense fallback={<i>second…</i>}><Late what={second} /></Suspense>
        </Suspense>
      </Page>,
    );
    return new Response(stream.pipeThrough(through), { headers });
  },
  '/late-error': async () => {
    const seen = [];
    const { promises, through } = gates(1);
    const failing = promises[0].then(() => Promise.reject(new Error('late')));
    const stream = await renderToReadableStream(
      <Page name="x"><Suspense fallback={<i>waiting</i>}><Late what={failing} /></Suspense></Page>,
      { onError: (error) => { seen.push(error.message); return `digest of ${error.message}`; } },
    );
    return new Response(stream.pipeThrough(through), { headers });
  },
  '/error': async () => {
    try {
      await renderToReadableStream(<Page name="x"><Failing /></Page>, { onError() {} });
      return new Response('no error');
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 500 });
    }
  },
  '/abort': async () => {
    const abort = new AbortController();
    const never = new Promise(() => {});
    const stream = await renderToReadableStream(
      <Page name="x"><Suspense fallback={<i>for ever</i>}><Late what={never} /></Suspense></Page>,
      { signal: abort.signal, onError: (error) => `aborted: ${error}` },
    );
    abort.abort('enough');
    return new Response(stream, { headers });
  },
  '/prerender': async (url) => {
    const { prelude } = await prerender(<Page name={name(url)}><Suspense fallback="…"><Late what={Promise.resolve('awaited')} /></Suspense></Page>);
    return new Response(prelude, { headers });
  },
};

export default {
  fetch(request) {
    const url = new URL(request.url);
    const route = routes[url.pathname];
    return route === undefined ? new Response('no such page', { status: 404 }) : route(url);
  },
};
