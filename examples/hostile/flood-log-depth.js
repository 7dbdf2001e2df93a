// Logs objects that are wide, deep and cyclic.
//
// Outcomes: Ok, ExceededCpu, ExceededMemory, Exception
// Quarantine: never
// Limits: cpu_ms 1000

export default {
  fetch() {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, { i }]));
    let deep = {};
    for (let i = 0; i < 100_000; i++) deep = { deep };
    const cyclic = { wide };
    cyclic.self = [cyclic, new Map([[cyclic, cyclic]]), new Set([cyclic])];
    console.log(wide, deep, cyclic, new Proxy(cyclic, {}));
    return new Response("answered");
  },
};
