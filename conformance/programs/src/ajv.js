// ajv: JSON Schema, compiled to code while the program starts. Without leave to make code from text it says so.
import Ajv from 'ajv';

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 10 },
    age: { type: 'integer', minimum: 0 },
    kind: { enum: ['a', 'b'] },
    tags: { type: 'array', items: { type: 'string', pattern: '^[a-zé]+$' }, uniqueItems: true, maxItems: 3 },
    nested: { $ref: '#/$defs/node' },
    either: { oneOf: [{ type: 'number' }, { type: 'string', const: 'x' }] },
    level: { type: 'number', default: 3 },
  },
  required: ['name', 'kind'],
  additionalProperties: false,
  if: { properties: { kind: { const: 'b' } } },
  then: { required: ['age'] },
  $defs: { node: { type: 'object', properties: { value: { type: 'number' }, next: { $ref: '#/$defs/node' } }, required: ['value'] } },
};

let validate;
let refused;
try {
  validate = new Ajv({ allErrors: true, useDefaults: true, coerceTypes: true, strict: true, strictRequired: false }).compile(schema);
} catch (error) {
  refused = `${error.name}: ${error.message}`;
}

export default {
  async fetch(request) {
    if (refused !== undefined) {
      return new Response(refused, { status: 501 });
    }
    const value = await request.json();
    const valid = validate(value);
    return Response.json({ valid, value, errors: validate.errors }, { status: valid ? 200 : 422 });
  },
};
