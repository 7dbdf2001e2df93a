// Arms 200 000 timers and clears each at once: the limit counts those that are armed together.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 5000
// Answer: all cleared

export default {
  fetch() {
    for (let i = 0; i < 200_000; i++) clearTimeout(setTimeout(() => {}, 1000));
    return new Response("all cleared");
  },
};
