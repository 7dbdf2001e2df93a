// The page of the program `solid`, compiled by Solid's own compiler.
import { For, Match, Show, Suspense, Switch, createContext, createMemo, createResource, createSignal, useContext } from 'solid-js';
import { Dynamic, ErrorBoundary } from 'solid-js/web';

const Theme = createContext('light');

function Themed(props) {
  const theme = useContext(Theme);
  return <div class={theme} classList={{ on: props.on, off: !props.on }} style={{ color: 'red', 'font-size': '12px' }} title={props.title}>{props.children}</div>;
}
function Resource(props) {
  const [data] = createResource(() => props.source);
  return <section>{data()}</section>;
}
function Failing() {
  throw new Error('a component failed');
}

export function Page(props) {
  const [count] = createSignal(3);
  const doubled = createMemo(() => count() * 2);
  return (
    <main id="page">
      <h1>Hello {props.name} &amp; all</h1>
      <Theme.Provider value="dark">
        <Themed on title={'"quoted" <x>'}>{count()} and {doubled()}</Themed>
      </Theme.Provider>
      <ul><For each={['a', '<b>', 'é']} fallback={<li>none</li>}>{(item, index) => <li data-index={index()}>{item}</li>}</For></ul>
      <Show when={props.name === 'Ada'} fallback={<i>somebody else</i>}><b>Ada</b></Show>
      <Switch fallback={<i>many</i>}><Match when={count() === 1}>one</Match><Match when={count() === 3}>three</Match></Switch>
      <Dynamic component="em" class="dynamic">dynamic</Dynamic>
      <ErrorBoundary fallback={(error) => <b>{error.message}</b>}><Failing /></ErrorBoundary>
      <input value={props.name} disabled checked={false} />
      <div innerHTML="<hr>" />
      <Suspense fallback={<i>waiting</i>}><Resource source={props.source} /></Suspense>
    </main>
  );
}
