// What happens when a worker fails. Each path fails in its own way; the client sees the status of the
// outcome and no detail, the host logs the error with its stack, and the next request is served as if
// nothing had been. It is not a pattern to copy: catch what you can answer (`json-api.js` does).
//
// Run one request:
//   isolane run examples/workers/errors.js --url http://localhost/throw
// It exits with status 1 and says on standard error that the outcome is Exception, with the message
// "thrown in the handler".
//
// Failures that are caught are no failures:
//   isolane run examples/workers/errors.js --url http://localhost/caught
// It prints:
//   caught: SyntaxError

function failInStream() {
  let pulls = 0;
  return new ReadableStream({
    pull(controller) {
      pulls += 1;
      if (pulls > 1) throw new Error("thrown while streaming");
      controller.enqueue(new TextEncoder().encode("the beginning, "));
    },
  });
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/throw":
        throw new Error("thrown in the handler");
      case "/reject":
        return Promise.reject(new TypeError("rejected by the handler"));
      case "/throw-text":
        throw "a text, not an Error";
      case "/not-a-response":
        return { status: 200 };
      case "/unhandled":
        // Nobody waits for it: it is logged, and the response stands.
        Promise.reject(new Error("nobody handles this"));
        return new Response("answered\n");
      case "/timer":
        // An exception in a timer is logged as well, and ends nothing.
        setTimeout(() => {
          throw new Error("thrown in a timer");
        }, 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return new Response("answered\n");
      case "/stream":
        // The status is out already: the client sees a broken transfer, never a clean end.
        return new Response(failInStream());
      case "/caught":
        try {
          JSON.parse("{no}");
        } catch (error) {
          return new Response(`caught: ${error.name}\n`);
        }
        return new Response("not reached\n");
      default:
        return new Response("no failure here\n");
    }
  },
};
