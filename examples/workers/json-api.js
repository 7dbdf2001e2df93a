// A JSON API with a router of a few lines: path parameters, body validation, and the status codes
// that go with them (201, 400, 404, 405 with `Allow`, 413, 415). It is not a store: the catalogue is
// fixed, so that every request has the same answer whichever isolate serves it. The same API on a
// framework from npm is in `hono-api/`.
//
// Run one request:
//   isolane run examples/workers/json-api.js --url http://localhost/planets/3
// It prints:
//   {"id":3,"name":"Earth","moons":1}
//
// A request with a body:
//   isolane run examples/workers/json-api.js -i --method POST --url http://localhost/planets \
//     --header 'content-type: application/json' --data '{"name":"Vulcan","moons":0}'
// It prints status 201, `location: /planets/9`, and:
//   {"id":9,"name":"Vulcan","moons":0}

const PLANETS = [
  { id: 1, name: "Mercury", moons: 0 },
  { id: 2, name: "Venus", moons: 0 },
  { id: 3, name: "Earth", moons: 1 },
  { id: 4, name: "Mars", moons: 2 },
  { id: 5, name: "Jupiter", moons: 95 },
  { id: 6, name: "Saturn", moons: 146 },
  { id: 7, name: "Uranus", moons: 28 },
  { id: 8, name: "Neptune", moons: 16 },
];

const MAX_BODY_BYTES = 16 * 1024;

class HttpError extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Turns `/planets/:id` into a pattern with one named group for each parameter. */
function route(method, path, handler) {
  const source = path.replace(/:(\w+)/g, "(?<$1>[^/]+)");
  return { method, pattern: new RegExp(`^${source}$`), handler };
}

const ROUTES = [
  route("GET", "/planets", listPlanets),
  route("POST", "/planets", createPlanet),
  route("GET", "/planets/:id", showPlanet),
  route("GET", "/planets/:id/moons", showMoons),
];

function listPlanets({ url }) {
  const atLeast = Number(url.searchParams.get("min-moons") ?? 0);
  if (!Number.isInteger(atLeast) || atLeast < 0) {
    throw new HttpError(400, "min-moons must be a whole number, zero or more");
  }
  const planets = PLANETS.filter((planet) => planet.moons >= atLeast);
  return Response.json({ count: planets.length, planets });
}

function findPlanet(params) {
  const planet = PLANETS.find(({ id }) => String(id) === params.id);
  if (!planet) throw new HttpError(404, `no planet has the id ${params.id}`);
  return planet;
}

function showPlanet({ params }) {
  return Response.json(findPlanet(params));
}

function showMoons({ params }) {
  const { name, moons } = findPlanet(params);
  return Response.json({ planet: name, moons });
}

async function createPlanet({ request }) {
  const { name, moons } = await readJsonObject(request);
  if (typeof name !== "string" || name.trim() === "") {
    throw new HttpError(400, "name must be a text that is not empty");
  }
  if (!Number.isInteger(moons) || moons < 0) {
    throw new HttpError(400, "moons must be a whole number, zero or more");
  }
  const id = PLANETS.length + 1;
  return Response.json(
    { id, name: name.trim(), moons },
    { status: 201, headers: { location: `/planets/${id}` } },
  );
}

async function readJsonObject(request) {
  const type = (request.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (type !== "application/json") {
    throw new HttpError(415, "the body must be application/json");
  }
  const text = await request.text();
  if (new TextEncoder().encode(text).byteLength > MAX_BODY_BYTES) {
    throw new HttpError(413, `the body must be at most ${MAX_BODY_BYTES} bytes`);
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body is not valid JSON");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new HttpError(400, "the body must be a JSON object");
  }
  return value;
}

function dispatch(request) {
  const url = new URL(request.url);
  const allowed = [];
  for (const { method, pattern, handler } of ROUTES) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    if (method === request.method) return handler({ request, url, params: match.groups ?? {} });
    allowed.push(method);
  }
  if (allowed.length > 0) {
    throw new HttpError(405, `${request.method} is not allowed here`, {
      allow: allowed.join(", "),
    });
  }
  throw new HttpError(404, `nothing is at ${url.pathname}`);
}

export default {
  async fetch(request) {
    try {
      return await dispatch(request);
    } catch (error) {
      // Anything but our own error is a bug: the host logs it and answers 500.
      if (!(error instanceof HttpError)) throw error;
      return Response.json(
        { error: error.message },
        { status: error.status, headers: error.headers },
      );
    }
  },
};
