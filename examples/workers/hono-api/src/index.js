// A JSON API on hono, a framework from npm: routes with parameters, middleware (CORS, bearer
// authentication from `env`, ETag), validation, streamed text, and errors as JSON. It is the counterpart
// of `json-api.js`, which does the same without packages. It keeps no state between requests.
//
// Build it, then run one request:
//   examples/workers/bundle.sh hono-api
//   isolane run examples/workers/hono-api/dist/index.js --url http://localhost/planets/3
// It prints:
//   {"id":3,"name":"Earth","moons":1}

import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { streamText } from "hono/streaming";
import { validator } from "hono/validator";
import { PLANETS } from "./planets.js";

const app = new Hono();

app.use("*", cors({ origin: "https://example.org", allowMethods: ["GET", "POST"] }));
app.use("/planets/*", etag());
app.use("/admin/*", (c, next) => bearerAuth({ token: c.env.API_KEY ?? "" })(c, next));

const newPlanet = validator("json", (value, c) => {
  const { name, moons } = value;
  if (typeof name !== "string" || name === "" || !Number.isInteger(moons) || moons < 0) {
    return c.json({ error: "expected a name and a number of moons" }, 400);
  }
  return { name, moons };
});

app.get("/planets", (c) => c.json({ count: PLANETS.length, planets: PLANETS }));

app.get("/planets/:id{[0-9]+}", (c) => {
  const planet = PLANETS.find(({ id }) => String(id) === c.req.param("id"));
  if (!planet) throw new HTTPException(404, { message: `no planet has the id ${c.req.param("id")}` });
  return c.json(planet);
});

app.post("/planets", newPlanet, (c) => {
  const id = PLANETS.length + 1;
  c.header("location", `/planets/${id}`);
  return c.json({ id, ...c.req.valid("json") }, 201);
});

app.get("/names", (c) =>
  streamText(c, async (stream) => {
    for (const { name } of PLANETS) {
      await stream.writeln(name);
      await stream.sleep(1);
    }
  }),
);

app.get("/admin/status", (c) => c.json({ status: "well" }));

app.get("/background", (c) => {
  c.executionCtx.waitUntil(Promise.resolve().then(() => console.log("background work done")));
  return c.text("accepted", 202);
});

app.notFound((c) => c.json({ error: `nothing is at ${c.req.path}` }, 404));

app.onError((error, c) => {
  if (error instanceof HTTPException) {
    return error.res ?? c.json({ error: error.message }, error.status);
  }
  console.error(error.stack);
  return c.json({ error: "internal error" }, 500);
});

export default app;
