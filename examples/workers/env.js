// Configuration: what the operator sets with `--env` or in the configuration file arrives in `env`,
// the handler's second argument, as text. It shows defaults, a secret that is used and not shown, and
// that the worker cannot change its environment for the next request. It is not a place for state.
//
// Run one request:
//   isolane run examples/workers/env.js --env GREETING=Salut --env API_KEY=k-123 \
//     --header 'authorization: Bearer k-123'
// It prints:
//   {"greeting":"Salut","names":["API_KEY","GREETING"],"authorized":true}

export default {
  fetch(request, env) {
    const names = Object.keys(env).sort();
    const greeting = env.GREETING ?? "Hello";
    const authorized =
      env.API_KEY !== undefined && request.headers.get("authorization") === `Bearer ${env.API_KEY}`;

    // Seen by nobody else: each event gets an environment of its own.
    env.GREETING = "overwritten";

    return Response.json({ greeting, names, authorized });
  },
};
