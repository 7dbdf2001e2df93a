// Answers with fifty thousand headers.
//
// Outcomes: Ok, Exception, ExceededCpu
// Quarantine: never
// Limits: cpu_ms 2000

export default {
  fetch() {
    const headers = new Headers();
    for (let i = 0; i < 50_000; i++) headers.append(`x-${i}`, "1");
    return new Response("answered", { headers });
  },
};
