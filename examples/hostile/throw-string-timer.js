// Gives a timer code as text: it must not run.
//
// Outcomes: Exception, Ok
// Quarantine: never
// Answer: answered

export default {
  async fetch() {
    globalThis.ran = false;
    setTimeout("globalThis.ran = true", 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    return new Response(globalThis.ran ? "it ran" : "answered");
  },
};
