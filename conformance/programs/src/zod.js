// zod: parsing, refinements, transforms, unions, errors in every form, JSON Schema.
import * as z from 'zod';

const Address = z.object({ street: z.string().min(1), zip: z.string().regex(/^\d{5}$/, 'five digits') });
const User = z.strictObject({
  name: z.string().trim().min(2).max(20),
  email: z.email(),
  age: z.coerce.number().int().positive().optional(),
  roles: z.array(z.enum(['admin', 'editor', 'guest'])).nonempty().default(['guest']),
  address: Address.partial().nullable(),
  site: z.url().optional(),
  id: z.uuid(),
  joined: z.iso.date().transform((text) => new Date(`${text}T00:00:00Z`)),
}).refine((user) => user.name !== 'root', { path: ['name'], message: 'root is taken' });

const Shape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('circle'), radius: z.number() }),
  z.object({ kind: z.literal('box'), sides: z.tuple([z.number(), z.number()]).rest(z.string()) }),
]);
const Tree = z.object({ value: z.number(), get children() { return z.array(Tree); } });
const Misc = z.object({
  map: z.record(z.string(), z.number()),
  big: z.bigint().or(z.string().transform((text) => BigInt(text))).pipe(z.bigint()),
  when: z.union([z.string(), z.number()]),
  both: z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() })),
  any: z.unknown(),
  ip: z.ipv4().catch('0.0.0.0'),
  text: z.templateLiteral([z.string(), '-', z.number()]),
  never: z.never().optional(),
});
const schemas = { user: User, shape: Shape, tree: Tree, misc: Misc };
const replacer = (_, value) => (typeof value === 'bigint' ? `${value}n` : value);

export default {
  async fetch(request) {
    const [, action, name] = new URL(request.url).pathname.split('/');
    const schema = schemas[name];
    if (schema === undefined) {
      return Response.json({ schemas: Object.keys(schemas) }, { status: 404 });
    }
    if (action === 'schema') {
      return Response.json(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }));
    }
    const result = await schema.safeParseAsync(await request.json());
    if (result.success) {
      return new Response(JSON.stringify(result.data, replacer), { headers: { 'content-type': 'application/json' } });
    }
    const { error } = result;
    const forms = { issues: error.issues, tree: z.treeifyError(error), flat: z.flattenError(error), pretty: z.prettifyError(error), name: error.name, message: error.message };
    return new Response(JSON.stringify(forms, replacer), { status: 422, headers: { 'content-type': 'application/json' } });
  },
};
