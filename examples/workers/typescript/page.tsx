// A page about one planet.

import type { Planet } from "./planet.ts";
import style from "./style.css";

export function Page({ planet }: { planet: Planet }) {
  const { name, moons } = planet;
  return (
    <html>
      <head>
        <title>{name}</title>
        <style>{style.trim()}</style>
      </head>
      <body>
        <h1>{name}</h1>
        <p>It has {moons} {moons === 1 ? "moon" : "moons"}.</p>
      </body>
    </html>
  );
}
