// What a guest sees of byte streams: ReadableByteStreamController, ReadableStreamBYOBRequest and
// ReadableStreamBYOBReader. The algorithms are in readable_byte.js.

const {
  ArrayBufferPrototypeGetByteLength,
  ArrayBufferPrototypeGetDetached,
  ArrayBufferPrototypeGetResizable,
  DataViewPrototypeGetBuffer,
  DataViewPrototypeGetByteLength,
  DataViewPrototypeGetByteOffset,
  PromiseReject,
  RangeError,
  TypeError,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeGetSymbolToStringTag,
} = internals.prim;
const { streams, webidl } = internals;
const { PromisedReadInto, acquireByobReader, viewConstructors } = streams;
const { checkIllegal, converters, illegal, requiredArguments } = webidl;

// A guest's view taken apart once. Throws a TypeError for anything else, and for shared or resizable memory.
const takeView = (value, prefix) => {
  converters.ArrayBufferView(value, prefix, "Argument 1");
  const name = TypedArrayPrototypeGetSymbolToStringTag(value);
  const view = {
    __proto__: null, buffer: undefined, byteOffset: 0, byteLength: 0, elementSize: 1, View: viewConstructors.DataView,
    length: 0,
  };
  if (name === undefined) {
    view.buffer = DataViewPrototypeGetBuffer(value);
    if (!ArrayBufferPrototypeGetDetached(view.buffer)) {
      view.byteOffset = DataViewPrototypeGetByteOffset(value);
      view.byteLength = DataViewPrototypeGetByteLength(value);
      view.length = view.byteLength;
    }
  } else {
    view.buffer = TypedArrayPrototypeGetBuffer(value);
    view.byteOffset = TypedArrayPrototypeGetByteOffset(value);
    view.byteLength = TypedArrayPrototypeGetByteLength(value);
    view.length = TypedArrayPrototypeGetLength(value);
    view.View = viewConstructors[name];
    view.elementSize = view.View.BYTES_PER_ELEMENT;
  }
  if (ArrayBufferPrototypeGetResizable(view.buffer)) {
    throw new TypeError(`${prefix}: Argument 1 is a view on a resizable buffer`);
  }
  return view;
};

class ReadableStreamBYOBRequest {
  #controller;
  #view;

  constructor(key = undefined, controller = undefined, view = undefined) {
    checkIllegal(key);
    this.#controller = controller;
    this.#view = view;
  }

  static {
    streams.byobRequestFacade = (controller, view) => new ReadableStreamBYOBRequest(illegal, controller, view);
    streams.disconnectByobRequest = (request) => {
      request.#controller = undefined;
      request.#view = null;
    };
    streams.viewOfByobRequest = (request) => request.#view;
  }

  get view() {
    return this.#view;
  }

  respond(bytesWritten) {
    const prefix = "Failed to execute 'respond' on 'ReadableStreamBYOBRequest'";
    this.#view;
    requiredArguments(arguments.length, 1, prefix);
    const count = converters.unsignedLongLongEnforceRange(bytesWritten, prefix, "Argument 1");
    const controller = this.#controller;
    if (controller === undefined) throw new TypeError(`${prefix}: this request has been answered`);
    if (ArrayBufferPrototypeGetDetached(TypedArrayPrototypeGetBuffer(this.#view))) {
      throw new TypeError(`${prefix}: the buffer of the view is detached: use respondWithNewView`);
    }
    controller.respond(count);
  }

  respondWithNewView(view) {
    const prefix = "Failed to execute 'respondWithNewView' on 'ReadableStreamBYOBRequest'";
    this.#view;
    requiredArguments(arguments.length, 1, prefix);
    const taken = takeView(view, prefix);
    const controller = this.#controller;
    if (controller === undefined) throw new TypeError(`${prefix}: this request has been answered`);
    if (ArrayBufferPrototypeGetDetached(taken.buffer)) throw new TypeError(`${prefix}: the buffer is detached`);
    controller.respondWithNewView(taken.buffer, taken.byteOffset, taken.byteLength);
  }
}
webidl.exposeInterface(ReadableStreamBYOBRequest);

class ReadableByteStreamController {
  #core;

  constructor(key = undefined, core = undefined) {
    checkIllegal(key);
    this.#core = core;
  }

  static {
    streams.byteControllerFacade = (core) => new ReadableByteStreamController(illegal, core);
  }

  get byobRequest() {
    return this.#core.currentByobRequest();
  }

  get desiredSize() {
    return this.#core.desiredSize;
  }

  close() {
    const core = this.#core;
    if (!core.canCloseOrEnqueue) {
      throw new TypeError("Failed to execute 'close' on 'ReadableByteStreamController': the stream is closed, " +
        "closing or errored");
    }
    core.close();
  }

  enqueue(chunk) {
    const prefix = "Failed to execute 'enqueue' on 'ReadableByteStreamController'";
    const core = this.#core;
    requiredArguments(arguments.length, 1, prefix);
    const view = takeView(chunk, prefix);
    if (view.byteLength === 0) throw new TypeError(`${prefix}: the chunk is empty`);
    if (ArrayBufferPrototypeGetByteLength(view.buffer) === 0) throw new TypeError(`${prefix}: the buffer is empty`);
    if (!core.canCloseOrEnqueue) throw new TypeError(`${prefix}: the stream is closed, closing or errored`);
    core.enqueue(view.buffer, view.byteOffset, view.byteLength);
  }

  error(reason = undefined) {
    this.#core.error(reason);
  }
}
webidl.exposeInterface(ReadableByteStreamController);

const readOptions = webidl.dictionary("ReadableStreamBYOBReaderReadOptions", [
  { __proto__: null, key: "min", converter: converters.unsignedLongLongEnforceRange, defaultValue: () => 1 },
]);

class ReadableStreamBYOBReader {
  #core;

  constructor(stream) {
    const prefix = "Failed to construct 'ReadableStreamBYOBReader'";
    requiredArguments(arguments.length, 1, prefix);
    const core = stream === illegal ? arguments[1] : streams.readableCoreOf(stream, prefix);
    this.#core = acquireByobReader(core);
  }

  get closed() {
    if (!webidl.isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    return this.#core.closed.promise;
  }

  cancel(reason = undefined) {
    if (!webidl.isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    const core = this.#core;
    if (core.stream === undefined) return PromiseReject(new TypeError("the reader has released its stream"));
    return streams.handOut(core.cancel(reason));
  }

  // A function that is not async, so that a read that finds its bytes makes one promise.
  read(view, options = undefined) {
    if (!webidl.isObject(this) || !(#core in this)) return PromiseReject(new TypeError("Illegal invocation"));
    const prefix = "Failed to execute 'read' on 'ReadableStreamBYOBReader'";
    let request;
    try {
      requiredArguments(arguments.length, 1, prefix);
      const taken = takeView(view, prefix);
      const { min } = readOptions(options, prefix, "Argument 2");
      if (taken.byteLength === 0) throw new TypeError(`${prefix}: the view is empty`);
      if (ArrayBufferPrototypeGetByteLength(taken.buffer) === 0) {
        throw new TypeError(`${prefix}: the view's buffer is empty or detached`);
      }
      if (min === 0) throw new TypeError(`${prefix}: min must be above 0`);
      if (min > taken.length) throw new RangeError(`${prefix}: min is larger than the view`);
      const core = this.#core;
      if (core.stream === undefined) throw new TypeError(`${prefix}: the reader has released its stream`);
      request = new PromisedReadInto();
      core.read(taken, min, request);
    } catch (error) {
      return PromiseReject(error);
    }
    return request.promise;
  }

  releaseLock() {
    const core = this.#core;
    if (core.stream !== undefined) core.release();
  }
}
webidl.exposeInterface(ReadableStreamBYOBReader);
streams.ReadableStreamBYOBReader = ReadableStreamBYOBReader;
