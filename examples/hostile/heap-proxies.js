// Chains proxies without ever using one.
//
// Outcomes: ExceededMemory, ExceededCpu
// Quarantine: possible
// Limits: cpu_ms 10000, wall_ms 30000

export default {
  fetch() {
    let proxy = {};
    for (;;) proxy = new Proxy(proxy, {});
  },
};
