// A streaming transform: the request's body is decoded, cut into lines, numbered, upper-cased and
// sent back while it is still arriving. Only the line that is not yet complete is kept, so a body of
// any length takes the same memory, and `pipeThrough` carries backpressure from the client that reads
// to the client that writes. It is not a template for binary bodies: it takes UTF-8 text.
//
// Run one request:
//   printf 'first\nsecond\n' | isolane run examples/workers/stream-transform.js --method POST --data -
// It prints:
//   1: FIRST
//   2: SECOND

/** Splits a stream of text at line feeds; a line that spans chunks is put together. */
function lines() {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop();
      for (const line of parts) controller.enqueue(line);
    },
    flush(controller) {
      if (rest !== "") controller.enqueue(rest);
    },
  });
}

/** Numbers and upper-cases each line. */
function numberedUpperCase() {
  let number = 0;
  return new TransformStream({
    transform(line, controller) {
      number += 1;
      controller.enqueue(`${number}: ${line.toUpperCase()}\n`);
    },
  });
}

/** UTF-8 bytes to text; a character whose bytes span chunks is put together. */
function decode() {
  const decoder = new TextDecoder();
  return new TransformStream({
    transform(chunk, controller) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== "") controller.enqueue(text);
    },
    flush(controller) {
      const text = decoder.decode();
      if (text !== "") controller.enqueue(text);
    },
  });
}

/** Text to UTF-8 bytes. */
function encode() {
  const encoder = new TextEncoder();
  return new TransformStream({
    transform(text, controller) {
      controller.enqueue(encoder.encode(text));
    },
  });
}

export default {
  fetch(request) {
    if (request.body === null) {
      return new Response("send a text as the body of a POST\n", { status: 400 });
    }
    const body = request.body
      .pipeThrough(decode())
      .pipeThrough(lines())
      .pipeThrough(numberedUpperCase())
      .pipeThrough(encode());
    return new Response(body, { headers: { "content-type": "text/plain; charset=utf-8" } });
  },
};
