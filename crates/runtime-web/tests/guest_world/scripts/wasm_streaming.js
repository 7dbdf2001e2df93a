// Checks of WebAssembly.compileStreaming and instantiateStreaming, and of what else the WebAssembly namespace must have.

// (module (func (export "answer") (result i32) i32.const 42))
const module = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 10, 1, 6, 97, 110, 115, 119, 101, 114, 0, 0, 10, 6,
  1, 4, 0, 65, 42, 11,
]);
// (module (memory 1))
const withMemory = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 0, 1]);
const response = (body = module, type = "application/wasm", status = 200) =>
  new Response(body, { status, headers: type === null ? {} : { "content-type": type } });

const checks = {
  async "responses and promises of them become modules and instances"() {
    const compiled = await WebAssembly.compileStreaming(response());
    equal([compiled instanceof WebAssembly.Module, WebAssembly.Module.exports(compiled)[0].name], [true, "answer"]);
    const result = await WebAssembly.instantiateStreaming(Promise.resolve(response()));
    equal(Object.keys(result).sort(), ["instance", "module"]);
    equal([result.instance.exports.answer(), result.module instanceof WebAssembly.Module], [42, true]);
    const chunks = new ReadableStream({
      start(controller) {
        for (const byte of module) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    equal((await WebAssembly.instantiateStreaming(response(chunks), {})).instance.exports.answer(), 42);
  },
  async "the type is application/wasm and nothing else"() {
    await WebAssembly.compileStreaming(response(module, " Application/WASM\t"));
    for (const type of [null, "", "text/plain", "application/wasm;", "application/wasm; charset=utf-8", "application/wasm/"]) {
      await rejects("TypeError", WebAssembly.compileStreaming(response(module, type)), type);
      await rejects("TypeError", WebAssembly.instantiateStreaming(response(module, type)), type);
    }
  },
  async "what is no good response is a TypeError"() {
    for (const source of [undefined, null, module, {}, "text", Promise.resolve(3)]) {
      await rejects("TypeError", WebAssembly.compileStreaming(source));
      await rejects("TypeError", WebAssembly.instantiateStreaming(source));
    }
    await rejects("TypeError", WebAssembly.compileStreaming());
    await rejects("TypeError", WebAssembly.instantiateStreaming());
    await rejects("TypeError", WebAssembly.compileStreaming(response(module, "application/wasm", 404)));
    const used = response();
    await used.arrayBuffer();
    await rejects("TypeError", WebAssembly.compileStreaming(used));
    const reason = new RangeError("of the source");
    equal(await WebAssembly.compileStreaming(Promise.reject(reason)).catch((error) => error === reason), true);
    const failing = new ReadableStream({ pull(controller) { controller.error(reason); } });
    equal(await WebAssembly.compileStreaming(response(failing)).catch((error) => error === reason), true);
  },
  async "what is no module is a CompileError, and one that does not fit a LinkError"() {
    await rejects("CompileError", WebAssembly.compileStreaming(response(module.subarray(0, 20))));
    await rejects("CompileError", WebAssembly.compileStreaming(response(null)));
    await rejects("TypeError", WebAssembly.instantiateStreaming(response(), 3));
  },
  async "instances count towards what the isolate may have"() {
    const kept = [];
    const error = await rejects("RangeError", (async () => {
      for (let i = 0; i < 100_000; i++) kept.push(await WebAssembly.instantiateStreaming(response(withMemory)));
    })());
    equal(kept.length > 0 && error.message.includes("WebAssembly"), true);
  },
  "the namespace has what it should"() {
    for (const name of ["compileStreaming", "instantiateStreaming", "compile", "instantiate", "validate"]) {
      const descriptor = Object.getOwnPropertyDescriptor(WebAssembly, name);
      equal([descriptor.writable, descriptor.enumerable, descriptor.configurable], [true, true, true], name);
      equal([WebAssembly[name].length, WebAssembly[name].name], [1, name]);
      throws("TypeError", () => new WebAssembly[name](module), name);
    }
    equal(WebAssembly.JSTag instanceof WebAssembly.Tag, true);
    const tag = new WebAssembly.Tag({ parameters: ["i32"] });
    equal(new WebAssembly.Exception(tag, [5]).getArg(tag, 0), 5);
  },
};
