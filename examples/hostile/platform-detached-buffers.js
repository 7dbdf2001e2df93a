// Detaches, shrinks and shares buffers while the platform reads them.
//
// Outcomes: Ok, Exception
// Quarantine: never
// Answer: survived

export default {
  async fetch() {
    const tries = [
      () => {
        const bytes = new Uint8Array(1024);
        bytes.buffer.transfer();
        return new Response(bytes).text();
      },
      () => {
        const buffer = new ArrayBuffer(1024, { maxByteLength: 4096 });
        const bytes = new Uint8Array(buffer);
        return new Response(bytes, {
          get status() {
            buffer.resize(0);
            return 200;
          },
        }).text();
      },
      () => {
        const bytes = new Uint8Array(1024);
        const text = {
          toString() {
            bytes.buffer.transfer();
            return "x".repeat(1024);
          },
        };
        return new TextEncoder().encodeInto(text, bytes);
      },
      () => new TextDecoder().decode(new Uint8Array(new SharedArrayBuffer(16))),
      () => {
        const bytes = new Uint8Array(16);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        return crypto.getRandomValues(bytes);
      },
      () => {
        const bytes = new Uint8Array(16);
        const digest = crypto.subtle.digest("SHA-256", bytes);
        bytes.buffer.transfer();
        return digest;
      },
      () => {
        const bytes = new Uint8Array(16);
        const stream = new ReadableStream({
          start(controller) {
            controller.enqueue(bytes);
            controller.close();
            bytes.buffer.transfer();
          },
        });
        return new Response(stream).text();
      },
      () => new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer).buffer.transfer(),
      () => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        const bytes = new Uint8Array(memory.buffer);
        memory.grow(1);
        return new Response(bytes).text();
      },
    ];
    for (const attempt of tries) {
      try {
        await attempt();
      } catch {
        // Any exception will do.
      }
    }
    return new Response("survived");
  },
};
