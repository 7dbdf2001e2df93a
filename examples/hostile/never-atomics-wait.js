// Waits on shared memory and would block the thread, which is not allowed here.
//
// Outcomes: Exception
// Quarantine: never
// Limits: wall_ms 300

export default {
  fetch() {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(cell, 0, 0);
  },
};
