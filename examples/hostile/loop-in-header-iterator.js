// Gives the platform an iterable of headers that has no end.
//
// Outcomes: ExceededCpu, ExceededMemory
// Quarantine: never

export default {
  fetch() {
    function* endless() {
      for (let i = 0; ; i++) yield [`x-${i % 10}`, "1"];
    }
    return new Response("", { headers: new Headers(endless()) });
  },
};
