// Waits asynchronously on shared memory that nobody changes.
//
// Outcomes: ExceededWallTime, Exception
// Quarantine: never
// Limits: wall_ms 300

export default {
  async fetch() {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    await Atomics.waitAsync(cell, 0, 0).value;
    return new Response("never seen");
  },
};
