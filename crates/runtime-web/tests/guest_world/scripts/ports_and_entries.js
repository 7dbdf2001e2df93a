// Checks of message ports and of performance entries, beside what web-platform-tests check.

const checks = {
  async "a port that was closed cannot be given away, and the one at its other end can"() {
    const first = new MessageChannel();
    const second = new MessageChannel();
    first.port1.close();
    throws("DataCloneError", () => second.port1.postMessage(null, [first.port1]));
    throws("DataCloneError", () => structuredClone(null, { transfer: [first.port1] }));
    const received = new Promise((resolve) => { second.port2.onmessage = resolve; });
    second.port1.postMessage("m", [first.port2]);
    equal((await received).ports.length, 1);
    throws("DataCloneError", () => second.port1.postMessage(null, [first.port2]));
  },
  "an entry has an id from the time when it is in the timeline"() {
    equal([new PerformanceMark("m").id, new PerformanceMark("m").navigationId], [0, 0]);
    const { id } = performance.mark("a");
    equal(performance.mark("b").id > id && id > 0, true);
    equal(Object.keys(performance.mark("c").toJSON()),
      ["name", "entryType", "startTime", "duration", "id", "navigationId"]);
  },
  async "an observer of several types sees no entries of before, whatever else it is given"() {
    performance.mark("before");
    const seen = [];
    const observer = new PerformanceObserver((list) => { for (const { name } of list.getEntries()) seen.push(name); });
    throws("TypeError", () => observer.observe({ entryTypes: ["mark"], type: "mark" }));
    observer.observe({ entryTypes: ["mark"], buffered: true, durationThreshold: 1 });
    performance.mark("after");
    await new Promise((resolve) => setTimeout(resolve, 10));
    equal(seen, ["after"]);
    observer.disconnect();
  },
};
