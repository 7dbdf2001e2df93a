// Bundles the programs: `node bundle.mjs OUT NAME...`, in a folder that has this file, `src`, `requests` and the
// installed packages. Each program becomes one file `OUT/NAME.js`, in the format that its list of requests names:
// `iife`, a classic script with a listener, or `esm`, a module with a default export.
//
// Not here: installing and running; `cargo xtask programs` does that.
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import babel from '@babel/core';
import solidPreset from 'babel-preset-solid';
import { build } from 'esbuild';
import { compile } from 'svelte/compiler';

const [out, ...names] = process.argv.slice(2);
if (out === undefined || names.length === 0) {
  console.error('usage: node bundle.mjs OUT NAME...');
  process.exit(2);
}

// Components of Solid and Svelte have compilers of their own, here set to write strings.
const solid = {
  name: 'solid',
  setup(build) {
    build.onLoad({ filter: /\.solid\.jsx$/ }, async ({ path }) => {
      const { code } = await babel.transformAsync(await readFile(path, 'utf8'), {
        presets: [[solidPreset, { generate: 'ssr', hydratable: true }]],
        filename: path,
        babelrc: false,
        configFile: false,
      });
      return { contents: code, loader: 'js' };
    });
  },
};
const svelte = {
  name: 'svelte',
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, 'utf8'), { filename: path, rootDir: 'src', generate: 'server' });
      return { contents: js.code, loader: 'js' };
    });
  },
};

// What stands around a program: every program exports a handler by default.
const ENTRIES = {
  iife: (path) => `import program from ${JSON.stringify(path)};
addEventListener('fetch', (event) => event.respondWith(program.fetch(event.request, {}, {
  waitUntil: (promise) => event.waitUntil(promise),
  passThroughOnException() {},
})));`,
  esm: (path) => `export { default } from ${JSON.stringify(path)};`,
};

async function bundle(name) {
  const { format } = JSON.parse(await readFile(join('requests', `${name}.json`), 'utf8'));
  const entry = ENTRIES[format];
  if (entry === undefined) {
    throw new Error(`requests/${name}.json: expected the format iife or esm, found ${format}`);
  }
  const source = ['js', 'jsx'].map((end) => `./src/${name}.${end}`).find((path) => existsSync(path));
  if (source === undefined) {
    throw new Error(`expected src/${name}.js or src/${name}.jsx, found neither`);
  }
  await build({
    stdin: { contents: entry(source), resolveDir: '.', sourcefile: `${name}-entry.js` },
    outfile: join(out, `${name}.js`),
    bundle: true,
    format,
    platform: 'browser',
    conditions: ['worker', 'workerd', 'edge-light'],
    charset: 'utf8',
    legalComments: 'none',
    jsx: 'automatic',
    external: ['node:*'],
    plugins: [solid, svelte],
    logLevel: 'warning',
    define: {
      'process.env.NODE_ENV': '"production"',
      __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
  });
}

// Every program is tried, so that one run names all that do not bundle; esbuild has printed what is wrong with them.
const results = await Promise.allSettled(names.map(bundle));
const failed = names.filter((_, index) => results[index].status === 'rejected');
if (failed.length > 0) {
  console.error(`these do not bundle: ${failed.join(', ')}`);
  for (const { reason } of results) {
    if (reason !== undefined && reason.errors === undefined) console.error(reason);
  }
  process.exit(1);
}
