// Walks a map to which every step adds what it takes away, so that the walk has no end.
//
// Outcomes: ExceededCpu
// Quarantine: never

export default {
  fetch() {
    const map = new Map([[0, 0]]);
    for (const [key] of map) {
      map.delete(key);
      map.set(key + 1, 0);
    }
  },
};
