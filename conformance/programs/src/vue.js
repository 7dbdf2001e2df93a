// vue: server-side rendering to text and to a stream, async components, provide/inject, slots, teleports.
import { Suspense, Teleport, computed, createSSRApp, defineAsyncComponent, defineComponent, h, inject, onServerPrefetch, provide, reactive, ref, toRefs, watch, withDirectives, vModelText, vShow, Fragment } from 'vue';
import { pipeToWebWritable, renderToString, renderToWebStream } from '@vue/server-renderer';

const Item = defineComponent({
  props: { label: { type: String, required: true }, count: { type: Number, default: 1 } },
  setup(props, { slots, attrs }) {
    const { label } = toRefs(props);
    const loud = computed(() => label.value.toUpperCase());
    return () => h('li', { ...attrs, class: ['item', { many: props.count > 1 }], style: { color: 'red', fontSize: '12px' } }, [loud.value, slots.default?.({ count: props.count })]);
  },
});
const Deep = { setup: () => { const theme = inject('theme', 'none'); return () => h('em', theme); } };
const Prefetched = {
  setup() {
    const rows = ref([]);
    onServerPrefetch(async () => { rows.value = await Promise.resolve(['one', '<two>']); });
    return () => h('ol', rows.value.map((row) => h('li', { key: row }, row)));
  },
};
const Later = defineAsyncComponent(() => Promise.resolve({ render: () => h('b', 'later') }));
const Options = {
  props: ['start'],
  data() { return { doubled: this.start * 2 }; },
  computed: { text() { return `start ${this.start}, doubled ${this.doubled}`; } },
  created() { this.doubled += 1; },
  render() { return h('p', { title: this.text, 'data-null': null, hidden: false, 'aria-hidden': true }, this.text); },
};
const Failing = { setup() { throw new Error('a component failed'); } };

const Page = {
  props: { name: String, failing: Boolean },
  setup(props) {
    provide('theme', 'dark');
    const state = reactive({ seen: 0 });
    const count = ref(1);
    watch(count, (value) => { state.seen = value; }, { flush: 'sync' });
    count.value = 5;
    return () => h('main', { id: 'page', onClick() {} }, [
      h('h1', `Hello ${props.name} & all`),
      h('ul', [
        h(Item, { label: 'first', 'data-x': '"' }, { default: ({ count: many }) => ` × ${many}` }),
        h(Item, { label: 'é', count: 3 }),
      ]),
      h(Deep), h(Prefetched), h(Later), h(Options, { start: 4 }),
      h(Fragment, [h('i', `seen ${state.seen}`), 'text']),
      withDirectives(h('input', { type: 'text' }), [[vModelText, props.name]]),
      withDirectives(h('div', 'hidden'), [[vShow, false]]),
      h(Suspense, null, { default: () => h(Later), fallback: () => h('i', 'wait') }),
      h(Teleport, { to: '#modal' }, [h('p', 'teleported')]),
      h('div', { innerHTML: '<hr>' }),
      h('svg', { viewBox: '0 0 1 1' }, [h('path', { d: 'M0 0' })]),
      h('select', { value: 'b' }, ['a', 'b'].map((value) => h('option', { value }, value))),
      props.failing ? h(Failing) : null,
    ]);
  },
};

const headers = { 'content-type': 'text/html; charset=utf-8' };

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const name = url.searchParams.get('name') ?? 'World';
    const app = createSSRApp(Page, { name, failing: url.pathname === '/error' });
    app.config.globalProperties.$site = 'site';
    app.config.warnHandler = () => {};
    app.config.throwUnhandledErrorInProduction = true;
    switch (url.pathname) {
      case '/string': {
        const context = {};
        const text = await renderToString(app, context);
        return new Response(`${text}\n${JSON.stringify(context.teleports)}`, { headers });
      }
      case '/stream':
        return new Response(renderToWebStream(app), { headers });
      case '/pipe': {
        const { readable, writable } = new TransformStream();
        pipeToWebWritable(app, {}, writable);
        return new Response(readable, { headers });
      }
      case '/error':
        try {
          return new Response(await renderToString(app), { headers });
        } catch (error) {
          return new Response(`${error.name}: ${error.message}`, { status: 500 });
        }
      default:
        return new Response('no such page', { status: 404 });
    }
  },
};
