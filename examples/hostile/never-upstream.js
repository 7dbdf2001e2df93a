// Waits for a server that never answers: the host must let go of the connection. The variable UPSTREAM
// names the server.
//
// Outcomes: ExceededWallTime
// Quarantine: never
// Limits: wall_ms 300

export default {
  async fetch(request, env) {
    return await fetch(`${env.UPSTREAM}/hang`);
  },
};
