// `Array.from` an iterator that never ends.
//
// Outcomes: ExceededMemory, Exception
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    function* endless() {
      for (let i = 0; ; i++) yield [i];
    }
    return Response.json(Array.from(endless()).length);
  },
};
