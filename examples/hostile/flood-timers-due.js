// Arms 200 000 timers that are all due at once, and answers when the last has fired.
//
// Outcomes: Ok, Exception, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    return new Promise((resolve) => {
      let left = 200_000;
      for (let i = 0; i < 200_000; i++) {
        setTimeout(() => {
          left -= 1;
          if (left === 0) resolve(new Response("all fired"));
        }, 0);
      }
    });
  },
};
