// Order without a clock: a gate opens when the chunk of its number has been read.

/** Promises that resolve one after the other, and a stream that opens the next with each chunk that passes. */
export function gates(count) {
  const open = [];
  const promises = Array.from({ length: count }, () => new Promise((resolve) => open.push(resolve)));
  const through = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      open.shift()?.();
    },
  });
  return { promises, through };
}
