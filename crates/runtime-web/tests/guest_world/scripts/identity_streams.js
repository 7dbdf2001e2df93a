// Checks of IdentityTransformStream and FixedLengthStream.

const bytes = (...values) => new Uint8Array(values);
const all = async (readable) => [...new Uint8Array(await new Response(readable).arrayBuffer())];

const checks = {
  async "bytes come out as they went in, for any view"() {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const read = all(readable);
    await writer.write(bytes(1, 2));
    await writer.write(bytes(3, 4).buffer);
    await writer.write(new DataView(bytes(0, 5, 6).buffer, 1));
    await writer.write(new Uint8Array(0));
    await writer.close();
    equal(await read, [1, 2, 3, 4, 5, 6]);
  },
  async "the readable side is a byte stream"() {
    const { readable, writable } = new IdentityTransformStream();
    const writing = writable.getWriter().write(bytes(1, 2, 3));
    const reader = readable.getReader({ mode: "byob" });
    equal([...(await reader.read(new Uint8Array(2))).value], [1, 2]);
    await writing;
    equal([...(await reader.read(new Uint8Array(2))).value], [3]);
  },
  async "a write waits for somebody who reads"() {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    let isWritten = false;
    const writing = writer.write(bytes(1)).then(() => { isWritten = true; });
    await scheduler.wait(1);
    equal(isWritten, false);
    const reader = readable.getReader();
    equal([...(await reader.read()).value], [1]);
    await writing;
    const wanted = reader.read();
    await writer.write(bytes(2));
    equal([...(await wanted).value], [2]);
    const end = reader.read();
    await writer.close();
    equal((await end).done, true);
  },
  async "what is written is its own copy"() {
    const { readable, writable } = new IdentityTransformStream();
    const chunk = bytes(7);
    writable.getWriter().write(chunk);
    await 0;
    chunk[0] = 0;
    equal([...(await readable.getReader().read()).value], [7]);
  },
  async "text is refused, with a word of advice"() {
    const { readable, writable } = new IdentityTransformStream();
    const error = await rejects("TypeError", writable.getWriter().write("text"));
    equal(error.message.includes("TextEncoder"), true, error.message);
    await rejects("TypeError", readable.getReader().read());
  },
  async "an abort and a cancel reach the other side, and waiting writes"() {
    const aborted = new IdentityTransformStream();
    const writer = aborted.writable.getWriter();
    const writing = writer.write(bytes(1));
    await 0;
    await writer.abort(new RangeError("enough"));
    await rejects("RangeError", aborted.readable.getReader().read());
    await writing.catch(() => {});
    const canceled = new IdentityTransformStream();
    const other = canceled.writable.getWriter();
    const waiting = other.write(bytes(1));
    await 0;
    await canceled.readable.cancel(new RangeError("enough"));
    await waiting;
    await rejects("RangeError", other.write(bytes(2)));
  },
  async "a fixed length is kept to"() {
    equal(await all(filled(new FixedLengthStream(3), bytes(1), bytes(2, 3))), [1, 2, 3]);
    equal(await all(filled(new FixedLengthStream(0n))), []);
    await rejects("TypeError", all(filled(new FixedLengthStream(2n), bytes(1))), "too few");
    await rejects("TypeError", all(filled(new FixedLengthStream(2), bytes(1), bytes(2, 3))), "too many");
    for (const length of [-1, NaN, 2 ** 60, -1n, "x"]) throws("TypeError", () => new FixedLengthStream(length), `${length}`);
    throws("TypeError", () => new FixedLengthStream());
  },
  "they are transform streams"() {
    equal(new FixedLengthStream(1) instanceof IdentityTransformStream, true);
    equal(new IdentityTransformStream() instanceof TransformStream, true);
    equal(Object.prototype.toString.call(new FixedLengthStream(1)), "[object FixedLengthStream]");
    equal([IdentityTransformStream.length, FixedLengthStream.length], [0, 1]);
    throws("RangeError", () => new IdentityTransformStream({ highWaterMark: -1 }));
    equal(new IdentityTransformStream({ highWaterMark: 10 }).writable.getWriter().desiredSize, 10);
  },
};

function filled({ readable, writable }, ...chunks) {
  const writer = writable.getWriter();
  for (const chunk of chunks) writer.write(chunk).catch(() => {});
  writer.close().catch(() => {});
  return readable;
}
