// Checks of CompressionStream and DecompressionStream.

const formats = ["deflate", "deflate-raw", "gzip", "brotli"];
const encode = (text) => new TextEncoder().encode(text);
const stream = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
});
const bytesOf = async (readable) => new Uint8Array(await new Response(readable).arrayBuffer());
const compress = (format, ...chunks) => bytesOf(stream(...chunks).pipeThrough(new CompressionStream(format)));
const decompress = (format, ...chunks) => bytesOf(stream(...chunks).pipeThrough(new DecompressionStream(format)));
const text = (bytes) => new TextDecoder().decode(bytes);

const checks = {
  async "what was compressed comes back"() {
    for (const format of formats) {
      const packed = await compress(format, encode("expected "), new Uint8Array(0), encode("output").buffer);
      equal(text(await decompress(format, packed)), "expected output", format);
      equal(text(await decompress(format, ...Array.from(packed, (byte) => new Uint8Array([byte])))), "expected output",
        format);
      equal((await decompress(format, await compress(format))).length, 0, format);
    }
    equal([...(await compress("gzip", encode("x"))).subarray(0, 3)], [31, 139, 8]);
  },
  async "large data goes through whole"() {
    const data = new Uint8Array(500_000).map((_, index) => (index * index) >> 7);
    for (const format of formats) {
      const back = await decompress(format, await compress(format, data));
      equal(back.length, data.length, format);
      equal(back.every((byte, index) => byte === data[index]), true, format);
    }
  },
  async "data that is wrong, cut, or goes on is a TypeError"() {
    for (const format of formats) {
      const packed = await compress(format, encode("some data, some data, some data"));
      await rejects("TypeError", decompress(format, packed.subarray(0, packed.length - 1)), `${format}, cut`);
      await rejects("TypeError", decompress(format), `${format}, nothing`);
      await rejects("TypeError", decompress(format, packed, encode("x")), `${format}, another chunk`);
      const longer = new Uint8Array([...packed, 0]);
      await rejects("TypeError", decompress(format, longer), `${format}, a byte more`);
      await rejects("TypeError", decompress(format, new Uint8Array(100).fill(255)), `${format}, noise`);
    }
    const broken = await compress("gzip", encode("some data"));
    broken[broken.length - 5] ^= 1;
    await rejects("TypeError", decompress("gzip", broken), "a wrong checksum");
  },
  async "what came before the fault is delivered"() {
    const packed = await compress("gzip", encode("kept"));
    const { readable, writable } = new DecompressionStream("gzip");
    const writer = writable.getWriter();
    writer.write(new Uint8Array([...packed, 7])).catch(() => {});
    const reader = readable.getReader();
    equal(text((await reader.read()).value), "kept");
    await rejects("TypeError", reader.read());
    await rejects("TypeError", writer.closed);
  },
  async "chunks are buffers or views on them"() {
    for (const chunk of [undefined, null, "text", 3, {}, [1], new SharedArrayBuffer(1), new Uint8Array(new SharedArrayBuffer(1))]) {
      await rejects("TypeError", compress("gzip", chunk));
      await rejects("TypeError", decompress("gzip", chunk));
    }
    throws("TypeError", () => new CompressionStream());
    throws("TypeError", () => new CompressionStream("GZIP"));
    throws("TypeError", () => new DecompressionStream("zip"));
  },
  async "a small chunk that becomes a huge one comes as it is read"() {
    const zeroes = new Uint8Array(1 << 20);
    for (const format of ["gzip", "brotli"]) {
      // More than the heap may have.
      const packed = await compress(format, ...Array(70).fill(zeroes));
      equal(packed.length < 2_000_000, true, format);
      const { readable, writable } = new DecompressionStream(format);
      const writer = writable.getWriter();
      const written = writer.write(packed).then(() => writer.close());
      let total = 0;
      let most = 0;
      for await (const chunk of readable) {
        total += chunk.length;
        most = Math.max(most, chunk.length);
      }
      await written;
      equal([total, most <= 65536], [70 << 20, true], format);
    }
  },
  async "a chunk may be changed once it has been written"() {
    const packed = await compress("deflate", new Uint8Array(1_000_000), encode("end"));
    const { readable, writable } = new DecompressionStream("deflate");
    const writer = writable.getWriter();
    writer.write(packed);
    writer.close();
    const reader = readable.getReader();
    let total = (await reader.read()).value.length;
    packed.fill(0);
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      total += value.length;
    }
    equal(total, 1_000_003);
  },
  async "a stream that waits for its reader can be given up from both sides"() {
    const packed = await compress("gzip", new Uint8Array(1_000_000));
    const first = new DecompressionStream("gzip");
    const writer = first.writable.getWriter();
    const written = writer.write(packed);
    await 0;
    const reason = new Error("enough");
    await writer.abort(reason);
    await written.catch(() => {});
    equal(await first.readable.getReader().closed.catch((error) => error === reason), true);
    const second = new DecompressionStream("gzip");
    const other = second.writable.getWriter();
    const waiting = other.write(packed);
    await second.readable.cancel("enough");
    await waiting.catch(() => {});
  },
  "they are interfaces like any other"() {
    equal(String(new CompressionStream("gzip")), "[object CompressionStream]");
    equal([CompressionStream.length, DecompressionStream.length], [1, 1]);
    throws("TypeError", () => Object.getOwnPropertyDescriptor(CompressionStream.prototype, "readable").get.call({}));
  },
};
