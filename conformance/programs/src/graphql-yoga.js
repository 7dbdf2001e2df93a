// graphql-yoga: queries, mutations, errors, introspection, uploads, and subscriptions as server-sent events.
import { GraphQLError } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';

const planets = [
  { id: '1', name: 'Mercury', moons: [] },
  { id: '3', name: 'Earth', moons: ['Moon'] },
  { id: '4', name: 'Mars', moons: ['Phobos', 'Deimos'] },
];

const schema = createSchema({
  typeDefs: /* GraphQL */ `
    scalar File
    interface Node { id: ID! }
    type Planet implements Node { id: ID!, name: String!, moons(first: Int = 10): [String!]!, slow: String! }
    type Failure { reason: String! }
    union Found = Planet | Failure
    input Moon { planet: ID!, name: String! }
    enum Order { UP DOWN }
    type Query {
      planets(order: Order = UP): [Planet!]!
      planet(id: ID!): Found!
      node(id: ID!): Node
      header(name: String!): String
      broken: String
      known: String
      nested: [[Int]]
    }
    type Mutation { addMoon(moon: Moon!): Planet, read(file: File!): String }
    type Subscription { count(to: Int!): Int!, failing: Int }
  `,
  resolvers: {
    Node: { __resolveType: () => 'Planet' },
    Found: { __resolveType: (found) => (found.reason === undefined ? 'Planet' : 'Failure') },
    Planet: {
      moons: (planet, { first }) => planet.moons.slice(0, first),
      slow: (planet) => new Promise((resolve) => setTimeout(resolve, 1, `slow ${planet.name}`)),
    },
    Query: {
      planets: (_, { order }) => (order === 'DOWN' ? [...planets].reverse() : planets),
      planet: (_, { id }) => planets.find((planet) => planet.id === id) ?? { reason: `no planet ${id}` },
      node: (_, { id }) => planets.find((planet) => planet.id === id),
      header: (_, { name }, { request }) => request.headers.get(name),
      broken: () => {
        throw new Error('this text is masked');
      },
      known: () => {
        throw new GraphQLError('this text is shown', { extensions: { code: 'KNOWN', http: { status: 409, headers: { 'x-known': 'yes' } } } });
      },
      nested: () => [[1, null], null, [2]],
    },
    Mutation: {
      addMoon: (_, { moon }) => {
        const planet = planets.find(({ id }) => id === moon.planet);
        return planet && { ...planet, moons: [...planet.moons, moon.name] };
      },
      read: async (_, { file }) => `${file.name} ${file.type} ${await file.text()}`,
    },
    Subscription: {
      count: {
        async *subscribe(_, { to }) {
          for (let count = 1; count <= to; count += 1) {
            yield { count };
          }
        },
      },
      failing: {
        async *subscribe() {
          yield { failing: 1 };
          throw new GraphQLError('the source failed');
        },
      },
    },
  },
});

const yoga = createYoga({ schema, graphiql: false, landingPage: false, logging: false, batching: true, cors: { origin: ['https://example.com'] } });

export default { fetch: (request, env, context) => yoga.fetch(request, env, context) };
