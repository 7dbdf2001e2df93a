// CPU-bound: svelte's compiler over a component of many parts, for client and server, checked against itself.
import { VERSION, compile, parse } from 'svelte/compiler';

import { checksum } from './parts/checksum.js';

function component(parts) {
  const blocks = Array.from({ length: parts }, (_, index) => `
<section class="s${index}" class:on={count > ${index}} style:width="{${index}}px">
  {#if count === ${index}}<b>{name} is ${index}</b>{:else}<i>{@html name}</i>{/if}
  {#each rows as row, i (row.id)}<p onclick={() => count += i}>{row.text} ${index}</p>{/each}
  <input bind:value={name} />
</section>`);
  const styles = Array.from({ length: parts }, (_, index) => `.s${index} > p:hover { margin: ${index}px }`);
  return `<script>
  let { name = $bindable('x'), rows = [] } = $props();
  let count = $state(0);
  let doubled = $derived(count * 2);
  $effect(() => { console.log(doubled); });
</script>
${blocks.join('')}
<style>${styles.join('\n')}</style>`;
}

export default {
  fetch(request) {
    const parts = Number(new URL(request.url).searchParams.get('parts') ?? 20);
    const source = component(parts);
    const results = ['client', 'server'].map((generate) => {
      const once = compile(source, { generate, filename: 'Page.svelte', dev: false });
      const again = compile(source, { generate, filename: 'Page.svelte', dev: false });
      return {
        generate,
        same: once.js.code === again.js.code && once.css.code === again.css.code,
        loops: once.js.code.split('rows').length - 1,
        js: checksum(once.js.code),
        css: checksum(once.css.code),
        warnings: once.warnings.map(({ code }) => code),
      };
    });
    return Response.json({ version: VERSION, nodes: parse(source, { modern: true }).fragment.nodes.length, results });
  },
};
