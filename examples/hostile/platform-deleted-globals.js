// Deletes every global that it can, and answers with what it kept.
//
// Outcomes: Ok
// Quarantine: never
// Answer: still here

export default {
  async fetch() {
    const KeptResponse = Response;
    const keptStream = ReadableStream;
    const bytes = new TextEncoder().encode("still here");
    for (const name of Reflect.ownKeys(globalThis)) {
      try {
        delete globalThis[name];
      } catch {
        // Some are not configurable.
      }
    }
    await null;
    return new KeptResponse(
      new keptStream({
        start(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
      }),
    );
  },
};
