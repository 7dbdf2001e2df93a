// valibot: pipelines, variants, async checks and issues.
import * as v from 'valibot';

const User = v.strictObject({
  name: v.pipe(v.string(), v.trim(), v.minLength(2), v.maxLength(20)),
  email: v.pipe(v.string(), v.email('an address, please')),
  age: v.optional(v.pipe(v.union([v.number(), v.pipe(v.string(), v.transform(Number))]), v.integer(), v.minValue(0))),
  tags: v.optional(v.pipe(v.array(v.picklist(['a', 'b'])), v.maxLength(2)), ['a']),
  ip: v.fallback(v.pipe(v.string(), v.ipv4()), '0.0.0.0'),
  joined: v.pipe(v.string(), v.isoDate(), v.transform((text) => new Date(`${text}T00:00:00Z`).getTime())),
});
const Shape = v.variant('kind', [
  v.object({ kind: v.literal('circle'), radius: v.number() }),
  v.object({ kind: v.literal('box'), sides: v.tuple([v.number(), v.number()]) }),
]);
const Passwords = v.pipe(
  v.object({ first: v.string(), second: v.string() }),
  v.forward(v.partialCheck([['first'], ['second']], ({ first, second }) => first === second, 'they differ'), ['second']),
);
const Later = v.pipeAsync(v.object({ name: v.string() }), v.checkAsync(async ({ name }) => (await Promise.resolve(name)) !== 'taken', 'it is taken'));
const Tree = v.object({ value: v.number(), children: v.array(v.lazy(() => Tree)) });
const Map = v.record(v.pipe(v.string(), v.regex(/^[a-z]+$/)), v.nullable(v.boolean()));
const schemas = { user: User, shape: Shape, passwords: Passwords, later: Later, tree: Tree, map: Map };

export default {
  async fetch(request) {
    const schema = schemas[new URL(request.url).pathname.slice(1)];
    if (schema === undefined) {
      return Response.json({ schemas: Object.keys(schemas) }, { status: 404 });
    }
    const { success, output, issues } = await v.safeParseAsync(schema, await request.json());
    if (success) {
      return Response.json(output);
    }
    const plain = issues.map(({ kind, type, message, expected, received }) => ({ kind, type, message, expected, received }));
    return Response.json({ issues: plain, flat: v.flatten(issues), paths: issues.map((issue) => v.getDotPath(issue)), summary: v.summarize(issues) }, { status: 422 });
  },
};
