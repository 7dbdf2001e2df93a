/** @jsxImportSource preact */
// preact: rendering to text and to a stream with lazy components.
import { Component, Fragment, createContext } from 'preact';
import { Suspense, lazy, memo } from 'preact/compat';
import { useContext, useErrorBoundary, useId, useMemo, useState } from 'preact/hooks';
import { renderToString, renderToStringAsync } from 'preact-render-to-string';
import { renderToReadableStream } from 'preact-render-to-string/stream';

const Theme = createContext('light');

class Clock extends Component {
  state = { ticks: 3 };
  static getDerivedStateFromProps(props, state) {
    return { ticks: state.ticks + props.add };
  }
  render({ add }, { ticks }) {
    return <p class="clock">{add} → {ticks}</p>;
  }
}
function Themed({ children }) {
  const theme = useContext(Theme);
  const [value] = useState('"quoted"');
  const id = useId();
  return <div class={theme} id={id} title={value} onClick={() => {}} style={{ padding: 4, lineHeight: 2 }}>{children}</div>;
}
const Row = memo(({ value }) => <li key={value}>{useMemo(() => value * value, [value])}</li>);
function Guarded({ children }) {
  const [error] = useErrorBoundary();
  return error ? <b>{error.message}</b> : children;
}
const Failing = () => {
  throw new Error('a component failed');
};

const Page = ({ name, children }) => (
  <Theme.Provider value="dark">
    <h1>Hello {name} &amp; all</h1>
    <Themed><Clock add={2} /></Themed>
    <ul>{[1, 2, 3].map((value) => <Row value={value} />)}</ul>
    <Fragment>{null}{false}{0}{'<b>'}</Fragment>
    <input value="x" checked disabled={false} data-a aria-hidden={false} />
    <div dangerouslySetInnerHTML={{ __html: '<hr>' }} />
    <svg><path strokeWidth="2" xlinkHref="#a" /></svg>
    {children}
  </Theme.Provider>
);
const headers = { 'content-type': 'text/html; charset=utf-8' };

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const name = url.searchParams.get('name') ?? 'World';
    // Made for each request: one that has been rendered once is not waited for again.
    const Later = lazy(() => Promise.resolve({ default: ({ name }) => <section>late {name}</section> }));
    const later = <Page name={name}><Suspense fallback={<i>waiting</i>}><Later name={name} /></Suspense></Page>;
    switch (url.pathname) {
      case '/string':
        return new Response(renderToString(<Page name={name} />), { headers });
      case '/pretty':
        return new Response(renderToString(<Page name={name}><Guarded>fine</Guarded></Page>, {}, { pretty: true }), { headers });
      case '/async':
        return new Response(await renderToStringAsync(later), { headers });
      case '/stream': {
        // The boundaries' numbers go on from one request to the next, for as long as a runtime keeps the module.
        const unnumbered = new TransformStream({
          transform: (chunk, controller) => controller.enqueue(chunk.replace(/(\$s:|data-target=")-?\d+/g, '$1#')),
        });
        const stream = renderToReadableStream(<html><body>{later}</body></html>)
          .pipeThrough(new TextDecoderStream())
          .pipeThrough(unnumbered)
          .pipeThrough(new TextEncoderStream());
        return new Response(stream, { headers });
      }
      case '/error':
        try {
          return new Response(renderToString(<Page name={name}><Failing /></Page>));
        } catch (error) {
          return new Response(`${error.name}: ${error.message}`, { status: 500 });
        }
      default:
        return new Response('no such page', { status: 404 });
    }
  },
};
