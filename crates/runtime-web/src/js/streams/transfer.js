// Transfer of streams, as the standard has it between realms, within one: the object that takes over is the other end of a
// relay through which every chunk goes as a copy. The stream that was given away is locked by the relay for good.

const { promiseMarkHandled, isolate } = internals.prim;
const { streams } = internals;

class Copier {
  start() {}

  transform(chunk, controller) {
    controller.enqueue(internals.cloning.clone(chunk));
  }

  flush() {}

  cancel() {}
}
isolate(Copier);

const options = {
  __proto__: null, preventAbort: false, preventCancel: false, preventClose: false, signal: undefined,
};

const checkUnlocked = (core, name) => {
  if (core.locked) {
    throw internals.domException(`A ${name} that is locked could not be transferred.`, "DataCloneError");
  }
};

const movedReadable = (core) => {
  const relay = streams.createTransform(new Copier());
  promiseMarkHandled(streams.pipe(core, relay.writable, options));
  return relay.readable;
};

const movedWritable = (core) => {
  const relay = streams.createTransform(new Copier());
  promiseMarkHandled(streams.pipe(relay.readable, core, options));
  return relay.writable;
};

// Of the cores: the object that takes over.
streams.transferReadable = (core) => {
  checkUnlocked(core, "ReadableStream");
  return movedReadable(core).object();
};

streams.transferWritable = (core) => {
  checkUnlocked(core, "WritableStream");
  return movedWritable(core).object();
};

// The two sides of a transform, as cores, of which the caller makes an object.
streams.transferTransform = ({ readable, writable }) => {
  checkUnlocked(readable, "TransformStream");
  checkUnlocked(writable, "TransformStream");
  return { __proto__: null, readable: movedReadable(readable), writable: movedWritable(writable) };
};
