// Throws a proxy, each of whose traps throws.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const trap = () => {
      throw new Error("trapped");
    };
    const traps = new Proxy({}, { get: () => trap });
    throw new Proxy(new Error("hidden"), traps);
  },
};
