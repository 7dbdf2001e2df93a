// Streaming server-side rendering with React: the page's frame leaves at once, with placeholders where
// `Suspense` waits, and each part follows in the same response when its data is there. It shows a
// framework that drives a byte stream of its own from inside the worker. It does not hydrate in the
// browser: the only scripts sent are the few lines with which React moves the late parts into place.
//
// Build it, then run one request:
//   examples/workers/bundle.sh ssr-react
//   isolane run examples/workers/ssr-react/dist/index.js --url 'http://localhost/?reviews=2'
// It prints an HTML page whose frame says "Loading the reviews", followed by the reviews.

import { renderToReadableStream } from "react-dom/server.edge";
import { Page } from "./page.jsx";
import { loadReviews } from "./reviews.js";

const MAX_REVIEWS = 1000;

/** Passes chunks on, and calls `onFirst` once the first one is on its way. */
function afterFirstChunk(onFirst) {
  let seen = false;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (seen) return;
      seen = true;
      onFirst();
    },
  });
}

export default {
  async fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("reviews") ?? 3);
    if (!Number.isInteger(count) || count < 0 || count > MAX_REVIEWS) {
      return new Response(`reviews must be between 0 and ${MAX_REVIEWS}\n`, { status: 400 });
    }

    // The reviews are asked for when the frame is out, so that every client sees the frame first.
    let frameSent;
    const frame = new Promise((resolve) => {
      frameSent = resolve;
    });
    const reviews = frame.then(() => loadReviews(count));

    const stream = await renderToReadableStream(<Page reviews={reviews} />, {
      onError(error) {
        console.error(`rendering failed: ${error.message}`);
      },
    });
    return new Response(stream.pipeThrough(afterFirstChunk(frameSent)), {
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  },
};
