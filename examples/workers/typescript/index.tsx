// A worker in TypeScript and JSX: types, modules of its own by their `.ts` names, data as JSON and a style sheet as
// text, and elements that a few lines in `jsx/` make into HTML. Nothing is installed and nothing is bundled: the program
// takes the types away and turns elements into calls. It does not check types; `isolane types` writes what a type
// checker needs:
//   isolane types --out examples/workers/typescript/isolane.d.ts && npx -p typescript tsc -p examples/workers/typescript
//
// Run one request:
//   isolane run examples/workers/typescript/index.tsx --url 'http://localhost/planets/3'
// It prints:
//   <!doctype html><html><head><title>Earth</title><style>body{font-family:serif}</style></head><body><h1>Earth</h1><p>It has 1 moon.</p></body></html>
//
// Errors name the lines of this file, and not of what was made of it:
//   isolane run examples/workers/typescript/index.tsx --url 'http://localhost/planets/much'
// It ends with:
//   isolane: Exception: RangeError: expected a number, found much
//       at parseId (index.tsx:25:11)

import planets from "./planets.json";
import { Page } from "./page";
import type { Planet } from "./planet.ts";

function parseId(text: string): number {
  const id = Number(text);
  if (Number.isNaN(id)) {
    throw new RangeError(`expected a number, found ${text}`);
  }
  return id;
}

export default {
  fetch(request: Request): Response {
    const [, id] = /^\/planets\/(\w+)$/.exec(new URL(request.url).pathname) ?? [];
    if (id === undefined) {
      return Response.json(planets.map((planet: Planet) => planet.name));
    }
    const planet: Planet | undefined = planets[parseId(id) - 1];
    if (planet === undefined) {
      return new Response("there is no such planet\n", { status: 404 });
    }
    const page = <Page planet={planet} />;
    return new Response(`<!doctype html>${page}`, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
} satisfies ExportedHandler;
