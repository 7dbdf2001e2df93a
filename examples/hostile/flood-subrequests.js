// Makes more subrequests than it may. The variable UPSTREAM names the server.
//
// Outcomes: Ok
// Quarantine: never
// Limits: cpu_ms 2000, subrequests 50
// Answer: 50 answered, 150 refused

export default {
  async fetch(request, env) {
    const attempts = Array.from({ length: 200 }, async () => {
      const answer = await fetch(`${env.UPSTREAM}/text`);
      return answer.text();
    });
    const results = await Promise.allSettled(attempts);
    const answered = results.filter(({ status }) => status === "fulfilled").length;
    return new Response(`${answered} answered, ${results.length - answered} refused`);
  },
};
