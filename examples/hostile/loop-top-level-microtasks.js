// Keeps the microtask queue busy for ever from the top level.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: never

async function spin() {
  for (;;) await null;
}
spin();

export default {
  fetch() {
    return new Response("never seen");
  },
};
